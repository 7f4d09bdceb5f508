import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError } from '../../common/domain-error.js';
import type { ClusterSpec, Driver, DriverStatus, Identity, PhaseReport } from '../driver/driver.js';

/**
 * A driver whose clusters are HTTP servers that answer who asks and for what. For tests of everything around a cluster;
 * the credentials are not real, so clients must not use TLS.
 */
export class FakeClusterDriver implements Driver {
  readonly name = 'simulated';
  private readonly servers = new Map<string, Server>();

  constructor(private readonly root: string) {}

  async status(): Promise<DriverStatus> {
    return { available: true, version: 'fake' };
  }

  async provision(spec: ClusterSpec, report: (phase: PhaseReport) => void): Promise<void> {
    report({ name: 'control-plane', state: 'running' });
    await mkdir(join(this.root, spec.id, 'cluster'), { recursive: true });
    report({ name: 'control-plane', state: 'done' });
  }

  async destroy(id: string): Promise<void> {
    this.servers.get(id)?.closeAllConnections();
    this.servers.get(id)?.close();
    this.servers.delete(id);
    await rm(join(this.root, id, 'cluster'), { recursive: true, force: true });
  }

  async list(): Promise<string[]> {
    return readdir(this.root).catch(() => []);
  }

  async connect(id: string, identity: Identity): Promise<ClusterConnection> {
    const server = this.servers.get(id) ?? (await this.serve(id));
    const tls = { certificateAuthority: 'authority', clientCertificate: 'certificate', clientKey: 'key' };
    const { port } = server.address() as AddressInfo;
    return { origin: `http://127.0.0.1:${port}`, headers: { 'x-identity': identity }, tls };
  }

  async advanceClock(): Promise<void> {
    throw new DomainError('clock-not-movable');
  }

  async close(): Promise<void> {
    for (const id of [...this.servers.keys()]) {
      this.servers.get(id)?.closeAllConnections();
      this.servers.get(id)?.close();
    }
    this.servers.clear();
  }

  private async serve(id: string): Promise<Server> {
    const server = createServer((request, response) => {
      if (request.url?.includes('watch=true')) response.write('first\n');
      else response.end(JSON.stringify({ cluster: id, url: request.url, headers: request.headers }));
    });
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.servers.set(id, server);
    return server;
  }
}
