import type { Container, Pod } from '../api/core-v1.generated.js';
import type { Clock } from '../clock/clock.js';
import type { ContainerMount, RunningContainer } from '../containers/runtime.js';
import type { NetworkEndpoint } from '../network/cluster-network.js';
import type { EnvironmentSources } from './environment.js';
import type { NodeContext } from './node-context.js';
import type { PodVolumes } from './volumes.js';

/** A pod as its containers see it. */
export interface PodWorld {
  readonly node: NodeContext;
  readonly clock: Clock;
  /** As it is now in the API server. */
  readonly object: Pod;
  readonly hasInitContainers: boolean;
  readonly hostname: string;
  readonly podIp: string;
  readonly endpoint: NetworkEndpoint | undefined;
  readonly volumes: PodVolumes;
  /** The pod is being taken down: nothing is started any more. */
  readonly stopping: boolean;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  sources(): EnvironmentSources;
  /** `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`. */
  systemMounts(): ContainerMount[];
  /** The process namespace of the container of this name, while it runs. */
  processesOf(containerName: string | undefined): RunningContainer['processes'] | undefined;
  memoryLimitOf(container: Container): number | undefined;
  note(type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
}
