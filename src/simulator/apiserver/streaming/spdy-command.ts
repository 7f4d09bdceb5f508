import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { discard } from './discard.js';
import type { CommandChannel, RemoteCommand } from './remote-command.js';
import { SpdySession, type SpdyStream } from './spdy/session.js';
import { upgradeToSpdy } from './spdy-upgrade.js';
import { readTerminalSizes } from './websocket-command.js';

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const STREAM_CREATION_TIMEOUT_MS = 30_000;

function streamTypes({ stdin, stdout, stderr, tty }: RemoteCommand): string[] {
  const wanted = { error: true, stdin, stdout, stderr, resize: tty };
  return Object.entries(wanted).flatMap(([type, isWanted]) => (isWanted ? [type] : []));
}

/** Resolves when the client has opened a stream of every type; undefined when it does not in time. */
function collectStreams(
  socket: Duplex,
  types: readonly string[],
): { streams: Promise<Map<string, SpdyStream> | undefined>; session: SpdySession; ended: Promise<void> } {
  const found = new Map<string, SpdyStream>();
  const { promise, resolve } = deferred<Map<string, SpdyStream> | undefined>();
  const session = new SpdySession(socket, (stream) => {
    const type = stream.headers['streamtype'] ?? '';
    if (!types.includes(type) || found.has(type)) return void stream.destroy();
    found.set(type, stream);
    if (found.size === types.length) resolve(found);
  });
  const timeout = setTimeout(() => resolve(undefined), STREAM_CREATION_TIMEOUT_MS);
  const ended = session.run().then(() => resolve(undefined));
  return { streams: promise.finally(() => clearTimeout(timeout)), session, ended };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/**
 * The SPDY form of a remote command, of kubectl 1.30 and older; undefined when the client did not open its streams.
 * Throws a 403 `ApiError` with the connection untouched.
 */
export async function openSpdyCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  command: RemoteCommand,
): Promise<CommandChannel | undefined> {
  upgradeToSpdy(request, socket, head, PROTOCOLS);
  const gone = new AbortController();
  const { streams, session, ended } = collectStreams(socket, streamTypes(command));
  void ended.then(() => gone.abort());
  const byType = await streams;
  if (!byType) {
    await session.close();
    return undefined;
  }
  const sizes = byType.get('resize');
  return {
    stdin: byType.get('stdin'),
    stdout: byType.get('stdout') ?? discard(),
    stderr: byType.get('stderr') ?? discard(),
    onResize: (listener) => sizes && readTerminalSizes(sizes, listener),
    signal: gone.signal,
    finish: async (status) => {
      // Unread input must not stand between us and the client's end of the connection.
      byType.get('stdin')?.resume();
      const error = byType.get('error');
      await new Promise<void>((resolve) => error?.end(JSON.stringify(status), resolve));
      await session.close();
    },
  };
}
