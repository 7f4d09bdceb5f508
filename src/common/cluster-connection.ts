/**
 * How to reach the API server of one lab's cluster as one identity: directly (TLS with a client certificate) or through
 * a host's gateway (plain HTTP on a socket or address, with a path prefix and a ticket header).
 */
export interface ClusterConnection {
  /** e.g. `https://127.0.0.1:6443` or `http://127.0.0.1:7000`; its host is ignored when `socketPath` is set. */
  origin: string;
  socketPath?: string;
  /** Put before every API path, e.g. `/sandboxes/abc/cluster`. */
  pathPrefix?: string;
  headers?: Record<string, string>;
  tls?: { certificateAuthority: string; clientCertificate: string; clientKey: string };
}
