import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { prepareSocketDirectory } from '../../common/embedded/socket-directory.js';

/** Where an API server listens, as `node:net` takes it. */
export type RelayTarget = { path: string } | { host: string; port: number };

/** Enough for a learner's terminals; more would only serve to use up the host's file descriptors. */
const MAX_CONNECTIONS = 128;
/** The part of the relay's folder that others may walk into: only a sandbox gets to see it. */
const MOUNTED = 'open';

/**
 * The one way out of a sandbox: a unix socket `api.sock` in a folder that is mounted into it. Whatever connects is joined,
 * byte for byte, with the lab's API server; TLS goes through untouched. The target is asked for anew for every
 * connection, so it may move when a cluster is restarted.
 */
export class ApiRelay {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private removeFolder: () => Promise<void> = async () => undefined;

  /** `directory` is the relay's own; it is made, and it is closed to everybody else. */
  constructor(
    private readonly directory: string,
    private readonly target: () => Promise<RelayTarget>,
  ) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.join(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves with the folder to mount. Replaces a socket file that a killed process left. */
  async listen(): Promise<string> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const parent = await prepareSocketDirectory(this.directory, join(MOUNTED, 'api.sock'));
    this.removeFolder = () => rm(parent, { recursive: true, force: true });
    const folder = join(parent, MOUNTED);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const path = join(folder, 'api.sock');
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    await chmod(folder, 0o711);
    await chmod(path, 0o666);
    return folder;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    await new Promise((resolve) => this.server.close(resolve));
    await this.removeFolder();
  }

  private join(client: Socket): void {
    this.keep(client);
    this.target().then(
      (target) => {
        if (client.destroyed) return;
        const upstream = connect({ ...target, allowHalfOpen: true });
        this.keep(upstream);
        joinSockets(client, upstream);
      },
      () => client.destroy(),
    );
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
}

/** Carries bytes both ways with back-pressure until both sides have ended; one that breaks takes the other along. */
function joinSockets(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  one.once('close', () => other.destroySoon());
  other.once('close', () => one.destroySoon());
}
