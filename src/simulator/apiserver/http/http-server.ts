import { chmodSync, rmSync } from 'node:fs';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertificateAuthority } from '../../certificates/certificate-authority.js';
import type { ListenAddress } from '../../cluster.js';
import { trustFrontProxy } from '../authentication.js';

/** What answers requests. Neither function rejects: every failure is an answer. */
export interface RequestHandler {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** Names under which any cluster's API server is known to itself and to its pods. */
const OWN_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '::1',
  '10.96.0.1',
];
const WILDCARDS = new Set(['0.0.0.0', '::']);
const MAX_HEADER_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 90_000;

/** HTTPS on any number of addresses, all with certificates of the cluster's own authority. */
export class HttpServer {
  private readonly servers: Server[] = [];
  private inside: Promise<Server> | undefined;
  private readonly certificates = new Map<string, Promise<{ certificate: string; key: string }>>();

  constructor(
    private readonly authority: CertificateAuthority,
    private readonly names: readonly string[],
    private readonly handler: RequestHandler,
  ) {}

  /** Resolves when connections are accepted, with the address that was bound. */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    const server = await this.serverFor(address);
    await bind(server, address);
    if ('socketPath' in address) return address;
    return { host: address.host, port: (server.address() as AddressInfo).port };
  }

  /** Serves one connection that did not come through a socket of the operating system: one of a pod to `host`. */
  async accept(connection: Duplex, host: string): Promise<void> {
    this.inside ??= this.createServer(host);
    (await this.inside).emit('connection', connection);
  }

  private async serverFor(address: ListenAddress): Promise<Server> {
    if ('host' in address) return this.createServer(WILDCARDS.has(address.host) ? '' : address.host);
    if (!address.frontProxy) return this.createServer('');
    const server = createPlainServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS });
    server.on('connection', trustFrontProxy);
    return this.serve(server);
  }

  private async createServer(host: string): Promise<Server> {
    const { certificate, key } = await this.certificateFor(host);
    const server = createServer({
      cert: certificate,
      key,
      ca: this.authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxHeaderSize: MAX_HEADER_BYTES,
      ALPNProtocols: ['http/1.1'],
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    server.on('tlsClientError', (_, socket) => socket.destroy());
    return this.serve(server);
  }

  private serve(server: Server): Server {
    server.on('request', (request, response) => void this.handler.handle(request, response));
    server.on('upgrade', (request, socket, head) => void this.handler.upgrade(request, socket, head));
    server.requestTimeout = 0;
    this.servers.push(server);
    return server;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    this.inside = undefined;
    await Promise.all(
      this.servers.splice(0).map((server) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  private certificateFor(host: string) {
    const known = this.certificates.get(host);
    if (known) return known;
    const names = [...new Set([...OWN_NAMES, ...this.names, ...(host === '' ? [] : [host])])];
    const issued = this.authority.issueServer(names);
    this.certificates.set(host, issued);
    return issued;
  }
}

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = () => {
      server.off('error', reject);
      resolve();
    };
    if ('socketPath' in address) {
      // What a killed process left behind; a living one is found by whoever owns the directory.
      rmSync(address.socketPath, { force: true });
      server.listen(address.socketPath, () => {
        chmodSync(address.socketPath, address.frontProxy ? 0o600 : 0o666);
        listening();
      });
    } else {
      server.listen(address.port, address.host, listening);
    }
  });
}
