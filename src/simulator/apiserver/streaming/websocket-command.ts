import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { discard } from './discard.js';
import type { CommandChannel, RemoteCommand, TerminalSize } from './remote-command.js';
import { type ChannelEncoding, WebSocketChannels } from './websocket-channels.js';
import { acceptWebSocket, chooseProtocol } from './websocket-server.js';

const ENCODINGS: Record<string, ChannelEncoding> = {
  'v5.channel.k8s.io': 'binary',
  'v4.channel.k8s.io': 'binary',
  'v4.base64.channel.k8s.io': 'base64',
};
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE_NORMAL = 1000;

/** The size of a terminal as clients send it; undefined when it is none. */
export function parseTerminalSize(text: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(text) as Record<string, unknown>;
    return typeof Width === 'number' && typeof Height === 'number'
      ? { columns: Width, rows: Height }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Calls `listener` with every size that comes along a stream of JSON texts, one a message. */
export function readTerminalSizes(sizes: Readable, listener: (size: TerminalSize) => void): void {
  sizes.on('data', (data: Buffer) => {
    for (const text of data.toString().split(/(?<=\})/)) {
      const size = parseTerminalSize(text.trim());
      if (size) listener(size);
    }
  });
}

/** The websocket form of a remote command. Throws a 400 `ApiError` with the connection untouched. */
export async function openWebSocketCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  command: RemoteCommand,
): Promise<CommandChannel> {
  const protocol = chooseProtocol(request, Object.keys(ENCODINGS));
  const webSocket = await acceptWebSocket(request, socket, head, protocol);
  const gone = new AbortController();
  webSocket.once('close', () => gone.abort());
  const channels = new WebSocketChannels(webSocket, ENCODINGS[protocol] ?? 'binary');
  const sizes = channels.reader(RESIZE);
  const stdin = command.stdin ? channels.reader(STDIN) : undefined;
  webSocket.resume();
  // Tells the client that it is connected, before the command says anything.
  const first = command.stdout ? STDOUT : command.stderr ? STDERR : ERROR;
  await channels.send(first, Buffer.alloc(0)).catch(() => undefined);
  return {
    stdin,
    stdout: command.stdout ? channels.writer(STDOUT) : discard(),
    stderr: command.stderr ? channels.writer(STDERR) : discard(),
    onResize: (listener) => readTerminalSizes(sizes, listener),
    signal: gone.signal,
    finish: async (status) => {
      // Unread input must not stand between us and the client's answer to the close.
      stdin?.destroy();
      await channels.send(ERROR, Buffer.from(JSON.stringify(status)));
      webSocket.close(CLOSE_NORMAL);
    },
  };
}
