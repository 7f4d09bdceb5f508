import type { Client } from '../client.js';
import type { Clock } from '../clock/clock.js';
import { horizontalPodAutoscalerController } from './autoscaling/horizontal-pod-autoscaler-controller.js';
import { type ControllerFactory, runController } from './controller.js';
import { cronJobController } from './cron-job/cron-job-controller.js';
import { daemonSetController } from './daemon-set/daemon-set-controller.js';
import { deploymentController } from './deployment/deployment-controller.js';
import { disruptionController } from './disruption/disruption-controller.js';
import { endpointSliceController } from './endpoint-slice/endpoint-slice-controller.js';
import { endpointsController } from './endpoint-slice/endpoints-controller.js';
import { garbageCollector } from './garbage-collector/garbage-collector.js';
import { jobController } from './job/job-controller.js';
import { ttlAfterFinishedController } from './job/ttl-after-finished-controller.js';
import { namespaceController } from './namespace/namespace-controller.js';
import { nodeHealthController } from './node-lifecycle/node-health.js';
import { podGarbageCollector } from './node-lifecycle/pod-garbage-collector.js';
import { taintEvictionController } from './node-lifecycle/taint-eviction.js';
import { replicaSetController, replicationController } from './replica-set/replica-set-controller.js';
import { resourceQuotaController } from './resource-quota/resource-quota-controller.js';
import { rootCaPublisher } from './service-account/root-ca-publisher.js';
import { serviceAccountController } from './service-account/service-account-controller.js';
import { OrphanIndex } from './shared/orphan-index.js';
import { statefulSetController } from './stateful-set/stateful-set-controller.js';
import { localPathProvisioner } from './volumes/local-path-provisioner.js';
import { volumeBinder } from './volumes/volume-binder.js';
import { claimProtection, volumeProtection } from './volumes/volume-protection.js';

export interface ControllersContext {
  /** Reads on behalf of all controllers. */
  client: Client;
  /** A client that writes as this user, e.g. `system:serviceaccount:kube-system:deployment-controller`. */
  clientFor(user: string): Client;
  clock: Clock;
  /** PEM. */
  certificateAuthority: string;
  /** Told of every failed reconcile but lost races; it is tried again by itself. */
  onError?: (error: unknown, controller: string, key: string) => void;
}

/** What kube-controller-manager runs, as far as it is simulated, by the service account each acts as in kube-system. */
const CONTROLLERS: Record<string, ControllerFactory> = {
  'service-account-controller': serviceAccountController,
  'root-ca-cert-publisher': rootCaPublisher,
  'deployment-controller': deploymentController,
  'replicaset-controller': replicaSetController,
  'replication-controller': replicationController,
  'statefulset-controller': statefulSetController,
  'daemon-set-controller': daemonSetController,
  'job-controller': jobController,
  'ttl-after-finished-controller': ttlAfterFinishedController,
  'cronjob-controller': cronJobController,
  'endpointslice-controller': endpointSliceController,
  'endpoint-controller': endpointsController,
  'persistent-volume-binder': volumeBinder,
  'local-path-provisioner': localPathProvisioner,
  'pvc-protection-controller': claimProtection,
  'pv-protection-controller': volumeProtection,
  'disruption-controller': disruptionController,
  'resourcequota-controller': resourceQuotaController,
  'horizontal-pod-autoscaler': horizontalPodAutoscalerController,
  'node-controller': nodeHealthController,
  'taint-eviction-controller': taintEvictionController,
  'pod-garbage-collector': podGarbageCollector,
  'namespace-controller': namespaceController,
  'generic-garbage-collector': garbageCollector,
};

/** Starts all controllers. */
export function startControllers(context: ControllersContext): { stop(): void } {
  const { clock, certificateAuthority, onError } = context;
  const orphans = new OrphanIndex(context.client, ['pods', 'replicasets.apps', 'controllerrevisions.apps']);
  const stops = Object.entries(CONTROLLERS).map(([name, make]) => {
    const client = context.clientFor(`system:serviceaccount:kube-system:${name}`);
    const controller = make({ client, clock, orphans, certificateAuthority });
    return runController(controller, { client, clock }, (error, key) => onError?.(error, name, key));
  });
  return {
    stop() {
      for (const stop of stops) stop();
      orphans.stop();
    },
  };
}
