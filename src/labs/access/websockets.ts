import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { AuthenticationService } from '../../accounts/authentication.service.js';
import { Revocations } from '../../accounts/revocations.js';
import { DomainError } from '../../common/domain-error.js';
import { toDomainError } from '../../common/http/problem.filter.js';
import { PROBLEM_MEDIA_TYPE, toProblem } from '../../common/http/problem.js';
import { readClusterPath } from './cluster-proxy.js';
import { LabAccess } from './lab-access.js';

const TERMINAL_PATH = /^\/api\/v1\/labs\/([^/?]+)\/terminals\/([^/?]+)(?:\?(.*))?$/;
/** The host closes a revoked connection with a proper close frame; one that is still open then is cut. */
const CLOSING_GRACE_MS = 2_000;

/** Answers upgrades: terminals of labs, and what kubectl upgrades (exec, attach, port-forward). */
@Injectable()
export class Websockets {
  private readonly logger = new Logger('Websockets');
  private readonly open = new Map<Duplex, string>();

  constructor(
    private readonly authentication: AuthenticationService,
    private readonly access: LabAccess,
    private readonly revocations: Revocations,
  ) {}

  /** Takes over the upgrades of the HTTP server. */
  async attachTo(server: Server): Promise<void> {
    await this.revocations.listen((subject) => this.cut(subject));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      this.route(request, socket, head).catch((error: unknown) => refuse(socket, this.explain(error)));
    });
  }

  /** Cuts everything that is still open. */
  closeAll(): void {
    for (const socket of this.open.keys()) socket.destroy();
  }

  get openCount(): number {
    return this.open.size;
  }

  private async route(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = request.url ?? '';
    const cluster = readClusterPath(url);
    if (cluster) {
      const { gateway, subject } = await this.access.forKey(cluster.labId, cluster.key);
      this.remember(socket, subject);
      const target = { sandboxId: cluster.labId, identity: 'learner', subject } as const;
      return gateway.proxyClusterUpgrade(request, socket, head, cluster.path, target);
    }
    const [, labId, number, query] = TERMINAL_PATH.exec(url) ?? [];
    if (labId === undefined || number === undefined) throw new DomainError('not-found');
    const principal = await this.authentication.authenticate(request);
    if (!principal) throw new DomainError('unauthenticated');
    const { gateway, subject } = await this.access.forOwner(principal, labId);
    const terminal = readTerminal(number, query);
    this.remember(socket, subject);
    return gateway.proxyTerminal(request, socket, head, { sandboxId: labId, subject, ...terminal });
  }

  private remember(socket: Duplex, subject: string): void {
    this.open.set(socket, subject);
    socket.once('close', () => this.open.delete(socket));
  }

  private cut(subject: string): void {
    const sockets = [...this.open].filter(([, owner]) => owner === subject).map(([socket]) => socket);
    if (sockets.length === 0) return;
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, CLOSING_GRACE_MS).unref();
  }

  private explain(thrown: unknown): DomainError {
    const error = toDomainError(thrown);
    if (error.status >= 500)
      this.logger.error({ err: error.cause ?? error, code: error.code }, 'upgrade failed');
    return error;
  }
}

function readTerminal(number: string, query: string | undefined): { number: number; after?: number } {
  if (!/^[1-8]$/.test(number)) throw new DomainError('not-found', 'Terminals are numbered 1 to 8');
  const after = new URLSearchParams(query).get('after');
  if (after === null) return { number: Number(number) };
  if (!/^\d{1,15}$/.test(after)) {
    throw new DomainError('bad-request', undefined, {
      errors: [{ path: 'after', message: 'must be a position in the output' }],
    });
  }
  return { number: Number(number), after: Number(after) };
}

/** An upgrade is refused with an ordinary answer, and that is a problem like all others. */
function refuse(socket: Duplex, error: DomainError): void {
  if (socket.destroyed) return;
  const body = JSON.stringify(toProblem(error));
  const head = [
    `HTTP/1.1 ${error.status} ${error.code}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
