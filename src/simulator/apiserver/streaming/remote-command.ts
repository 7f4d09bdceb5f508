import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Pod } from '../../api/core-v1.generated.js';
import type { ExecRequest, ExecResult, NodeAgent } from '../../kubelet/node-agent.js';
import { ApiError, badRequest, type Status } from '../api-error.js';
import { chooseContainer, requireNode } from './choose-container.js';
import { isSet } from './query.js';

/** What a client asks for with pods/exec or pods/attach. */
export interface RemoteCommand {
  kind: 'exec' | 'attach';
  container: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The client's side of a running command, however it is connected. */
export interface CommandChannel {
  stdin?: Readable | undefined;
  stdout: Writable;
  stderr: Writable;
  onResize(listener: (size: TerminalSize) => void): void;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
  /** Sends how the command ended and closes the connection. */
  finish(status: Partial<Status>): Promise<void>;
}

/** Query parameters of pods/exec and pods/attach; throws a 400 `ApiError`. */
export function parseRemoteCommand(
  kind: RemoteCommand['kind'],
  pod: Pod,
  query: URLSearchParams,
): RemoteCommand {
  const container = chooseContainer(pod, query.get('container'));
  requireNode(pod);
  const command = query.getAll('command');
  const [stdin, stdout, stderr, tty] = ['stdin', 'stdout', 'stderr', 'tty'].map((name) => isSet(query, name));
  if (!stdin && !stdout && !stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  if (kind === 'exec' && command.length === 0)
    throw badRequest('you must specify at least 1 command for the container');
  return {
    kind,
    container,
    command,
    stdin: stdin === true,
    stdout: stdout === true,
    // A terminal has one output.
    stderr: stderr === true && tty !== true,
    tty: tty === true,
  };
}

/** `status` of a command that has ended, as the error channel of remote commands carries it. */
function statusOf({ exitCode, message }: ExecResult): Partial<Status> {
  if (message !== undefined)
    return new ApiError(
      500,
      'InternalError',
      `Internal error occurred: Internal error occurred: error executing command in container: ${message}`,
    ).toStatus();
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  const exited = `command terminated with exit code ${exitCode}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${exited}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: `${exitCode}`, field: '' }] },
  };
}

function failureOf(error: unknown): Partial<Status> {
  if (error instanceof ApiError) return error.toStatus();
  const text = error instanceof Error ? error.message : String(error);
  return new ApiError(500, 'InternalError', `Internal error occurred: ${text}`).toStatus();
}

/** Resolves when all that was written has left; a client that is gone takes nothing any more. */
async function flush(stream: Writable): Promise<void> {
  if (!stream.writableEnded) stream.end();
  await finished(stream, { readable: false }).catch(() => undefined);
}

/** Runs a command, or attaches to one, and tells the client how it ended. Never rejects. */
export async function runRemoteCommand(
  agent: NodeAgent,
  pod: Pod,
  command: RemoteCommand,
  channel: CommandChannel,
): Promise<void> {
  const { stdin, stdout, stderr, signal } = channel;
  const request: ExecRequest = {
    container: command.container,
    command: command.command,
    tty: command.tty,
    streams: { ...(stdin && { stdin }), stdout, stderr, onResize: (listener) => channel.onResize(listener) },
    signal,
  };
  const run =
    command.kind === 'exec' ? agent.exec(pod.metadata.uid, request) : agent.attach(pod.metadata.uid, request);
  const status = await run.then(statusOf, failureOf);
  await Promise.all([flush(stdout), flush(stderr)]);
  await channel.finish(status).catch(() => undefined);
}
