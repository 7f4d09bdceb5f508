import { type RawData, WebSocket } from 'ws';
import { z } from 'zod';
import type { Terminal } from './terminal.js';

/** What a client may send as text; binary frames are input. */
const controlSchema = z.object({
  type: z.literal('resize'),
  cols: z.int().min(1).max(1000),
  rows: z.int().min(1).max(1000),
});

/** Close codes of our own (RFC 6455 leaves 4000–4999 to applications). */
export const CLOSE_CODES = {
  /** The client read too slowly; it may come back for the rest. */
  tooSlow: 4008,
  /** The right to be here was withdrawn, or the sandbox is gone. */
  revoked: 4001,
} as const;

const POLICY_VIOLATION = 1008;
/** Input on its way to the program; beyond it the client has to wait. */
const INPUT_IN_FLIGHT_BYTES = 64 * 1024;

/**
 * Serves a running terminal to a websocket: first the text frame `{"type":"hello","seq":N}`, then output as binary frames;
 * input and `{"type":"resize","cols":C,"rows":R}` come back; `{"type":"exit","code":K}` is the last frame. `drop` closes the websocket, not the terminal.
 */
export function serveTerminal(
  socket: WebSocket,
  terminal: Terminal,
  after: number | undefined,
): { drop(reason: string): void } {
  const say = (message: object) => socket.send(JSON.stringify(message), () => undefined);
  const detach = terminal.attach(
    {
      hello: (seq) => say({ type: 'hello', seq }),
      send: (bytes, sent) => socket.send(bytes, { binary: true, compress: false }, () => sent()),
      exit: (code) => {
        say({ type: 'exit', code });
        socket.close(1000, 'exit');
      },
      drop: (reason) => dropSocket(socket, reason),
    },
    after,
  );
  const takeInput = limitInput(socket, terminal);
  socket.on('message', (data, isBinary) => {
    if (isBinary) takeInput(toBuffer(data));
    else takeControl(socket, terminal, toBuffer(data).toString('utf8'));
  });
  socket.once('close', detach);
  socket.on('error', () => socket.terminate());
  return { drop: (reason) => dropSocket(socket, reason) };
}

function dropSocket(socket: WebSocket, reason: string): void {
  socket.close(reason === 'too-slow' ? CLOSE_CODES.tooSlow : CLOSE_CODES.revoked, reason);
  // A client that reads nothing does not answer the close either.
  setTimeout(() => socket.terminate(), 1_000).unref();
}

/** Stops reading from the client while the program does not read its input. */
function limitInput(socket: WebSocket, terminal: Terminal): (bytes: Buffer) => void {
  let inFlightBytes = 0;
  return (bytes) => {
    inFlightBytes += bytes.length;
    if (inFlightBytes > INPUT_IN_FLIGHT_BYTES) socket.pause();
    terminal.write(bytes, () => {
      inFlightBytes -= bytes.length;
      if (inFlightBytes <= INPUT_IN_FLIGHT_BYTES && socket.readyState === WebSocket.OPEN) socket.resume();
    });
  };
}

function takeControl(socket: WebSocket, terminal: Terminal, text: string): void {
  const control = controlSchema.safeParse(parseJson(text));
  if (control.success) terminal.resize({ columns: control.data.cols, rows: control.data.rows });
  else socket.close(POLICY_VIOLATION, 'unknown control frame');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
