import type { KubernetesObject, ResourceName } from './object.js';

/** The shape of one simulated node. Quantities as Kubernetes writes them. */
export interface NodeShape {
  name: string;
  controlPlane: boolean;
  cpu: string;
  memory: string;
  pods: number;
}

export interface ClusterOptions {
  /** Names the cluster in kubeconfigs, e.g. `seatrial`. */
  name: string;
  /** One control plane and two workers unless told. */
  nodes?: NodeShape[];
  /** API server and controllers only: no scheduler, no kubelet, no node. */
  onlyControlPlane?: boolean;
  /** Keeps every acknowledged write here; a cluster started on it again has them. In memory only when absent. */
  dataDirectory?: string;
  /** Images that every node has from the start, as `kind load` puts them there; others are pulled. */
  loadedImages?: readonly string[];
  /** `fast` runs waiting time away as soon as nothing else is to do. */
  clock?: 'real' | 'fast';
}

/**
 * Where the API server listens: HTTPS with the cluster's own certificate authority, or, with `frontProxy`, plain HTTP on
 * a socket that only this process's user may open. Whoever can open that one says who is asking, in the headers
 * `X-Remote-User` and `X-Remote-Group`.
 */
export type ListenAddress = { host: string; port: number } | { socketPath: string; frontProxy?: true };

export interface ClientIdentity {
  user: string;
  groups: string[];
}

export interface Credentials {
  /** PEM texts. */
  certificateAuthority: string;
  clientCertificate: string;
  clientKey: string;
}

/** A running simulated Kubernetes cluster. */
export interface Cluster {
  readonly name: string;
  /** Starts serving on one more address; resolves when kubectl can talk to it. `port: 0` picks a free one. */
  listen(address: ListenAddress): Promise<ListenAddress>;
  /** A client certificate, signed by the cluster, for this user. */
  issueCredentials(identity: ClientIdentity): Promise<Credentials>;
  /** A kubeconfig (YAML) for this user; `server` is the URL as its reader will reach it. */
  kubeconfig(identity: ClientIdentity, server: string): Promise<string>;
  /** What the cluster has of a resource now, without asking its API server over the network. Stored objects: immutable. */
  list<T extends KubernetesObject>(resource: ResourceName, namespace?: string): T[];
  /** Moves the cluster's clock forward and resolves when everything due by then has run. */
  advanceClock(byMs: number): Promise<void>;
  /** Stops everything; acknowledged writes are on disk when it resolves. */
  close(): Promise<void>;
}
