import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { DomainError } from '../../common/domain-error.js';
import type { Identity } from '../driver/driver.js';
import type { SandboxHost } from '../host/sandbox-host.js';
import { serveTerminal } from '../terminal/terminal-socket.js';
import { proxyRequest, proxyUpgrade } from './http-proxy.js';
import { TICKET_HEADER, type Ticket, type TicketScope, verifyTicket } from './tickets.js';

export type GatewayAddress = { host: string; port: number } | { socketPath: string };

/** A request that a valid ticket allows. */
interface Admitted {
  ticket: Ticket;
  /** Below `/sandboxes/<id>/`, with the query. */
  rest: string;
}

const TERMINAL_PATH = /^terminals\/([1-8])(?:\?(.*))?$/;
const CLUSTER_PATH = /^cluster(\/.*)$/;
const LARGEST_COMMAND_BYTES = 1024 ** 2;
const LARGEST_INPUT_FRAME_BYTES = 1024 ** 2;

const commandSchema = z.object({
  command: z.union([z.array(z.string()).min(1), z.string().min(1)]),
  timeoutMs: z.int().min(1).max(3_600_000),
  home: z.enum(['learner', 'private']).optional(),
  stdin: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
});

/**
 * A host's own HTTP server, through which api processes reach its sandboxes. Every request carries a ticket for one sandbox
 * and scope in the header `x-seatrial-ticket`:
 * - `GET /sandboxes/<id>/terminals/<n>?after=SEQ` (websocket, scope `terminal`)
 * - `ANY /sandboxes/<id>/cluster/*` (scope `cluster:learner` or `cluster:grader`): the API server, as that identity
 * - `POST /sandboxes/<id>/exec` (scope `exec`): a command, as JSON; answers its result
 */
export class GatewayServer {
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LARGEST_INPUT_FRAME_BYTES,
  });

  constructor(
    private readonly host: SandboxHost,
    private readonly secret: string,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.on('upgrade', (request, socket, head) => void this.upgrade(request, socket, head));
    // A body may be as endless as an answer: a file that is copied into a container.
    this.server.requestTimeout = 0;
  }

  /** Resolves with the address in use; `port: 0` picks a free one. */
  async listen(address: GatewayAddress): Promise<GatewayAddress> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      const options = 'socketPath' in address ? { path: address.socketPath } : address;
      this.server.listen(options, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    if ('socketPath' in address) return address;
    return { host: address.host, port: (this.server.address() as AddressInfo).port };
  }

  /** Closes all connections with it. */
  async close(): Promise<void> {
    this.host.connections.closeAll('host-stopping');
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { ticket, rest } = await this.admit(request);
      const path = CLUSTER_PATH.exec(rest)?.[1];
      if (path !== undefined) await this.proxyCluster(ticket, path, request, response);
      else if (rest === 'exec' && request.method === 'POST') await this.runCommand(ticket, request, response);
      else throw new DomainError('not-found');
    } catch (error) {
      answerError(response, error);
    }
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const { ticket, rest } = await this.admit(request);
      const terminal = TERMINAL_PATH.exec(rest);
      const path = CLUSTER_PATH.exec(rest)?.[1];
      if (terminal) await this.openTerminal(ticket, terminal, request, socket, head);
      else if (path !== undefined) await this.upgradeCluster(ticket, path, request, socket, head);
      else throw new DomainError('not-found');
    } catch (error) {
      const { status, text } = describeError(error);
      socket.end(
        `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${text}`,
      );
    }
  }

  private async admit(request: IncomingMessage): Promise<Admitted> {
    const ticket = await verifyTicket(String(request.headers[TICKET_HEADER] ?? ''), this.secret);
    const prefix = `/sandboxes/${ticket.sandboxId}/`;
    const url = request.url ?? '';
    if (!url.startsWith(prefix)) throw new DomainError('forbidden', 'The ticket is for another sandbox.');
    return { ticket, rest: url.slice(prefix.length) };
  }

  private async openTerminal(
    ticket: Ticket,
    [, number, query]: RegExpExecArray,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    requireScope(ticket, ['terminal']);
    const after = readAfter(query);
    const terminal = await this.host.terminal(ticket.sandboxId, Number(number));
    this.sockets.handleUpgrade(request, socket, head, (websocket) => {
      const { drop } = serveTerminal(websocket, terminal, after);
      websocket.once('close', this.track(ticket, drop));
    });
  }

  private async proxyCluster(
    ticket: Ticket,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const connection = await this.host.connection(ticket.sandboxId, identityOf(ticket));
    response.once(
      'close',
      this.track(ticket, () => response.destroy()),
    );
    proxyRequest(request, response, connection, path);
  }

  private async upgradeCluster(
    ticket: Ticket,
    path: string,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const connection = await this.host.connection(ticket.sandboxId, identityOf(ticket));
    socket.once(
      'close',
      this.track(ticket, () => socket.destroy()),
    );
    proxyUpgrade(request, socket, head, connection, path);
  }

  private async runCommand(
    ticket: Ticket,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    requireScope(ticket, ['exec']);
    const {
      home = 'learner',
      stdin = '',
      environment = {},
      ...rest
    } = commandSchema.parse(await readJson(request));
    const abort = new AbortController();
    response.once(
      'close',
      this.track(ticket, () => abort.abort()),
    );
    response.once('close', () => abort.abort());
    const signal = abort.signal;
    const result = await this.host.runCommand(ticket.sandboxId, {
      ...rest,
      home,
      stdin,
      environment,
      signal,
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  }

  private track(ticket: Ticket, close: (reason: string) => void): () => void {
    return this.host.connections.add({ sandboxId: ticket.sandboxId, subject: ticket.subject, close });
  }
}

function requireScope(ticket: Ticket, allowed: TicketScope[]): void {
  if (!allowed.includes(ticket.scope))
    throw new DomainError('forbidden', 'The ticket is for something else.');
}

function identityOf(ticket: Ticket): Identity {
  requireScope(ticket, ['cluster:learner', 'cluster:grader']);
  return ticket.scope === 'cluster:grader' ? 'grader' : 'learner';
}

function readAfter(query: string | undefined): number | undefined {
  const text = new URLSearchParams(query).get('after');
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new DomainError('bad-request', '`after` must be a position in the output.');
  return Number(text);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_COMMAND_BYTES) throw new DomainError('payload-too-large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new DomainError('bad-request', 'The body is not JSON.', { cause });
  }
}

/** `{code, detail}`: what `GatewayClient` makes the same `DomainError` of again. */
function describeError(error: unknown): { status: number; text: string } {
  const known =
    error instanceof DomainError
      ? error
      : new DomainError(error instanceof z.ZodError ? 'bad-request' : 'internal');
  return { status: known.status, text: JSON.stringify({ code: known.code, detail: known.detail }) };
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, text } = describeError(error);
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(text);
}
