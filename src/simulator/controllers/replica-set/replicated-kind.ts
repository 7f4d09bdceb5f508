import type { ReplicaSet } from '../../api/apps-v1.generated.js';
import type { ReplicationController } from '../../api/core-v1.generated.js';
import { type LabelSelector, selectorFrom } from '../../machinery/label-selector.js';
import type { ResourceName } from '../../object.js';

/** ReplicaSets and ReplicationControllers differ in their selectors and names, and are run by the same code. */
export type Replicated = ReplicaSet | ReplicationController;

export interface ReplicatedKind {
  resource: ResourceName;
  kind: string;
  group: string;
  /** Of the service account in kube-system and of events. */
  controllerName: string;
  selectorOf(owner: Replicated): LabelSelector;
  countsTerminating: boolean;
}

export const REPLICA_SETS: ReplicatedKind = {
  resource: 'replicasets.apps',
  kind: 'ReplicaSet',
  group: 'apps',
  controllerName: 'replicaset-controller',
  selectorOf: (owner) => selectorFrom((owner as ReplicaSet).spec.selector),
  countsTerminating: true,
};

export const REPLICATION_CONTROLLERS: ReplicatedKind = {
  resource: 'replicationcontrollers',
  kind: 'ReplicationController',
  group: '',
  controllerName: 'replication-controller',
  selectorOf: (owner) => selectorFrom({ matchLabels: (owner as ReplicationController).spec.selector }),
  countsTerminating: false,
};
