import { Injectable } from '@nestjs/common';
import type { Principal } from '../../accounts/principal.js';
import { DomainError } from '../../common/domain-error.js';
import { ClusterReadError } from '../../grader/cluster-read-error.js';
import { createClusterReader } from '../../grader/cluster-reader.js';
import { LabAccess } from './lab-access.js';

/** The kinds that can be asked for; those of the first line are shown when none is named. */
const API_VERSIONS: Record<string, string> = {
  ...{ Node: 'v1', Namespace: 'v1', Pod: 'v1', Service: 'v1', Deployment: 'apps/v1', ReplicaSet: 'apps/v1' },
  ...{ StatefulSet: 'apps/v1', DaemonSet: 'apps/v1', Job: 'batch/v1', CronJob: 'batch/v1' },
  ...{
    ConfigMap: 'v1',
    PersistentVolumeClaim: 'v1',
    PersistentVolume: 'v1',
    ServiceAccount: 'v1',
    Event: 'v1',
  },
  ...{
    EndpointSlice: 'discovery.k8s.io/v1',
    Ingress: 'networking.k8s.io/v1',
    NetworkPolicy: 'networking.k8s.io/v1',
  },
};
const DEFAULT_KINDS = ['Node', 'Namespace', 'Pod', 'Service', 'Deployment', 'ReplicaSet', 'Job', 'CronJob'];

/** Reads the objects of a lab's cluster, of all namespaces, with the learner's rights. */
@Injectable()
export class LabObjects {
  constructor(private readonly access: LabAccess) {}

  /** `kinds` separated by commas. Throws `validation-failed` for one that is not known, `host-unreachable`. */
  async list(principal: Principal, labId: string, kinds = DEFAULT_KINDS.join(',')): Promise<object[]> {
    const references = kinds.split(',').map(referenceTo);
    const { gateway, subject } = await this.access.forOwner(principal, labId);
    const connection = await gateway.clusterConnection({ sandboxId: labId, identity: 'learner', subject });
    const reader = createClusterReader(connection);
    try {
      return (await Promise.all(references.map((reference) => reader.list(reference)))).flat();
    } catch (error) {
      if (!(error instanceof ClusterReadError)) throw error;
      throw new DomainError('host-unreachable', error.message, { cause: error });
    } finally {
      reader.close();
    }
  }
}

function referenceTo(kind: string) {
  const apiVersion = Object.hasOwn(API_VERSIONS, kind) ? API_VERSIONS[kind] : undefined;
  if (apiVersion) return { apiVersion, kind, namespace: '*' };
  const message = `${kind} is not one of ${Object.keys(API_VERSIONS).join(', ')}`;
  throw new DomainError('validation-failed', undefined, { errors: [{ path: 'kinds', message }] });
}
