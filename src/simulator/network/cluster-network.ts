import { type Duplex, duplexPair } from 'node:stream';
import { NetworkError } from './network-error.js';
import type { ServiceDirectory } from './service-directory.js';

/** Takes the server's end of a new connection; `peer` is who connected. */
export type ConnectionHandler = (connection: Duplex, peer: { ip: string }) => void;

/** One network namespace: a pod's, or a node's for pods on the host network. */
export interface NetworkEndpoint {
  readonly ip: string;
  /** Accepts connections on a port until the returned function is called. Throws NetworkError EADDRINUSE. */
  listen(port: number, handler: ConnectionHandler): () => void;
  /** Connects to an address or name as seen from here. Rejects with NetworkError. */
  dial(host: string, port: number): Promise<Duplex>;
  /** The addresses of a name, as the pod's resolver finds them; empty when there is no such name. */
  resolve(name: string): { name: string; addresses: string[] };
  isListening(port: number): boolean;
  /** Closes every listener; nothing can be dialled here afterwards. */
  leave(): void;
}

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0)$/;

/**
 * The wires of one cluster: connections in memory between programs that listen and programs (or port-forwards, or the
 * learner's shell) that dial, through Services where the address is a Service's. https://kubernetes.io/docs/concepts/services-networking/
 */
export class ClusterNetwork {
  private readonly namespaces = new Map<string, Map<number, ConnectionHandler>>();

  constructor(private readonly services: ServiceDirectory) {}

  /** Joins with an address; joining twice with one address (pods on the host network) shares its ports. */
  join(ip: string, podNamespace: string): NetworkEndpoint {
    const listeners = this.namespaces.get(ip) ?? new Map<number, ConnectionHandler>();
    this.namespaces.set(ip, listeners);
    const own = new Set<number>();
    return {
      ip,
      listen: (port, handler) => {
        if (listeners.has(port)) throw new NetworkError('EADDRINUSE');
        listeners.set(port, handler);
        own.add(port);
        return () => {
          if (listeners.get(port) === handler) listeners.delete(port);
          own.delete(port);
        };
      },
      dial: (host, port) => this.dialFrom(ip, podNamespace, host, port),
      resolve: (name) => this.services.resolve(name, podNamespace),
      isListening: (port) => listeners.has(port),
      leave: () => {
        for (const port of own) listeners.delete(port);
        if (listeners.size === 0 && this.namespaces.get(ip) === listeners) this.namespaces.delete(ip);
      },
    };
  }

  /** Connects to a pod, node or Service address from outside the pods, e.g. from a node. Rejects with NetworkError. */
  async dial(ip: string, port: number, fromIp: string): Promise<Duplex> {
    const target = this.services.route(ip, port);
    if (target === 'refused') throw new NetworkError('ECONNREFUSED');
    const { ip: targetIp, port: targetPort } = target ?? { ip, port };
    const listeners = this.namespaces.get(targetIp);
    if (!listeners) throw new NetworkError('EHOSTUNREACH');
    const handler = listeners.get(targetPort);
    if (!handler) throw new NetworkError('ECONNREFUSED');
    const [client, server] = duplexPair();
    joinFates(client, server);
    handler(server, { ip: fromIp });
    return client;
  }

  private async dialFrom(ownIp: string, podNamespace: string, host: string, port: number): Promise<Duplex> {
    if (LOOPBACK.test(host)) return this.dial(ownIp, port, '127.0.0.1');
    if (IPV4.test(host)) return this.dial(host, port, ownIp);
    const [address] = this.services.resolve(host, podNamespace).addresses;
    if (!address) throw new NetworkError('ENOTFOUND');
    return this.dial(address, port, ownIp);
  }
}

/** When one end is destroyed the other one ends too, as a closed socket's peer reads the end of the stream. */
function joinFates(client: Duplex, server: Duplex): void {
  const swallow = () => {};
  client.on('error', swallow);
  server.on('error', swallow);
  client.once('close', () => server.destroy());
  server.once('close', () => client.push(null));
}
