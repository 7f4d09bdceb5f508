import type { Client } from '../client.js';
import type { Clock } from '../clock/clock.js';
import type { DirectoryNode } from '../containers/file-tree.js';
import type { ContainerRuntime } from '../containers/runtime.js';
import type { ClusterNetwork } from '../network/cluster-network.js';
import type { PodAddresses } from '../network/pod-addresses.js';
import type { ImagePuller } from './image-puller.js';
import type { PersistentFiles } from './persistent-files.js';

/** What the pods of one node share. */
export interface NodeContext {
  name: string;
  /** `172.18.0.2`. */
  ip: string;
  client: Client;
  clock: Clock;
  runtime: ContainerRuntime;
  images: ImagePuller;
  network: ClusterNetwork;
  addresses: PodAddresses;
  /** The node's own file system, for hostPath volumes. */
  hostFiles: DirectoryNode;
  persistentFiles: PersistentFiles;
  allocatable: { cpu: string; memory: string };
}
