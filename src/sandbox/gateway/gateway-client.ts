import { type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { ClusterConnection } from '../../common/cluster-connection.js';
import { DomainError, ERROR_CATALOGUE, type ErrorCode } from '../../common/domain-error.js';
import type { Identity } from '../driver/driver.js';
import type { CommandRequest } from '../host/sandbox.js';
import type { CommandResult } from '../shell/run-command.js';
import { proxyRequest, proxyUpgrade } from './http-proxy.js';
import { signTicket, TICKET_HEADER, type TicketScope } from './tickets.js';

/** Where a host's gateway listens. */
export type GatewayTarget = { origin: string } | { socketPath: string };

export interface TerminalRequest {
  sandboxId: string;
  /** 1 to 8. */
  number: number;
  /** Position of the first byte that is wanted; all that is kept when absent. */
  after?: number;
  /** On whose behalf; `SandboxHost.closeConnections` closes by it. */
  subject: string;
}

export interface ClusterRequest {
  sandboxId: string;
  identity: Identity;
  subject: string;
}

const errorSchema = z.object({ code: z.string(), detail: z.string().optional() });
const resultSchema = z.object({
  exitCode: z.number(),
  stdout: z.string(),
  stderr: z.string(),
  timedOut: z.boolean(),
});

/**
 * How an api process reaches the sandboxes of one host. Also used when both are one process, so that there is one way.
 * Throws `host-unreachable` when the gateway does not answer, else what the host threw.
 */
export class GatewayClient {
  constructor(
    private readonly target: GatewayTarget,
    private readonly secret: string,
  ) {}

  /**
   * The cluster's API through the gateway, for requests that begin within the next 60 seconds. The path prefix and the
   * ticket header are part of it.
   */
  async clusterConnection(request: ClusterRequest): Promise<ClusterConnection> {
    const scope = request.identity === 'grader' ? 'cluster:grader' : 'cluster:learner';
    return { ...(await this.connect(request, scope)), pathPrefix: `/sandboxes/${request.sandboxId}/cluster` };
  }

  /** Passes an HTTP request on to the cluster; `path` is that of the Kubernetes API, with its query. */
  async proxyCluster(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    path: string,
    request: ClusterRequest,
  ): Promise<void> {
    proxyRequest(incoming, outgoing, await this.clusterConnection(request), path);
  }

  /** Passes an upgrade on to the cluster: exec, attach, port-forward. */
  async proxyClusterUpgrade(
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    path: string,
    request: ClusterRequest,
  ): Promise<void> {
    proxyUpgrade(incoming, socket, head, await this.clusterConnection(request), path);
  }

  /** Passes a browser's websocket upgrade on to a terminal; back-pressure reaches from the browser to the program. */
  async proxyTerminal(
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    request: TerminalRequest,
  ): Promise<void> {
    proxyUpgrade(incoming, socket, head, await this.connect(request, 'terminal'), terminalPath(request));
  }

  /** A terminal's websocket as INTERFACE describes it; its `error` event tells when it cannot be opened. */
  async openTerminal(request: TerminalRequest): Promise<WebSocket> {
    const { origin, socketPath, headers = {} } = await this.connect(request, 'terminal');
    const base = socketPath ? `ws+unix:${socketPath}:` : origin.replace(/^http/, 'ws');
    return new WebSocket(`${base}${terminalPath(request)}`, { headers, perMessageDeflate: false });
  }

  /** Runs a command in the sandbox, as `SandboxHost.runCommand` does. */
  async runCommand(sandboxId: string, subject: string, request: CommandRequest): Promise<CommandResult> {
    const connection = await this.connect({ sandboxId, subject }, 'exec');
    const { signal, ...body } = request;
    const text = await post(connection, `/sandboxes/${sandboxId}/exec`, JSON.stringify(body), signal);
    return resultSchema.parse(JSON.parse(text));
  }

  private async connect(
    { sandboxId, subject }: { sandboxId: string; subject: string },
    scope: TicketScope,
  ): Promise<ClusterConnection> {
    const headers = { [TICKET_HEADER]: await signTicket({ sandboxId, scope, subject }, this.secret) };
    if ('socketPath' in this.target)
      return { origin: 'http://gateway', socketPath: this.target.socketPath, headers };
    return { origin: this.target.origin, headers };
  }
}

const terminalPath = ({ sandboxId, number, after }: TerminalRequest) =>
  `/sandboxes/${sandboxId}/terminals/${number}${after === undefined ? '' : `?after=${after}`}`;

function post(
  connection: ClusterConnection,
  path: string,
  body: string,
  signal?: AbortSignal,
): Promise<string> {
  const options = {
    method: 'POST',
    headers: { ...connection.headers, 'content-type': 'application/json' },
    agent: false,
    ...(connection.socketPath && { socketPath: connection.socketPath }),
    ...(signal && { signal }),
  };
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new DomainError('host-unreachable', undefined, { cause }));
    const request = requestHttp(new URL(path, connection.origin), options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', fail);
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(toDomainError(text))));
    });
    request.on('error', fail);
    request.end(body);
  });
}

function toDomainError(text: string): DomainError {
  const error = errorSchema.safeParse(parseJson(text));
  if (!error.success || !isErrorCode(error.data.code)) return new DomainError('host-unreachable');
  return new DomainError(error.data.code, error.data.detail);
}

const isErrorCode = (code: string): code is ErrorCode => code in ERROR_CATALOGUE;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
