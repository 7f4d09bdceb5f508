import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { constants, createDeflate } from 'node:zlib';
import { SPDY_DICTIONARY } from '../spdy/dictionary.js';
import { controlFrame, dataFrame, FLAG_FIN, FrameParser, SYN_STREAM } from '../spdy/frames.js';
import type { Headers } from '../spdy/header-block.js';

function block(headers: Headers): Buffer {
  const texts = Object.entries(headers).flat();
  const numbers = [texts.length / 2, ...texts.map((each) => each.length)].map((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  });
  const [count, ...lengths] = numbers;
  return Buffer.concat([
    count ?? Buffer.alloc(0),
    ...lengths.flatMap((each, i) => [each, Buffer.from(texts[i] ?? '')]),
  ]);
}

/** As much of kubectl's side of SPDY as tests need, with compressed headers as kubectl sends them. */
export class SpdyClient {
  private readonly deflate = createDeflate({ dictionary: SPDY_DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  private readonly parser = new FrameParser();
  private readonly texts = new Map<number, string>();
  private readonly ended = new Set<number>();
  private nextId = 1;

  private constructor(readonly socket: Socket) {}

  /** Upgrades a request; rejects with the status line when it is refused. */
  static async connect(port: number, path: string, protocol: string): Promise<SpdyClient> {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const lines = [`POST ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
    socket.write(`${[...lines, `X-Stream-Protocol-Version: ${protocol}`].join('\r\n')}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const head = answer.toString();
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(head.split('\r\n')[0]);
    const client = new SpdyClient(socket);
    socket.on('data', (chunk) => client.receive(chunk));
    return client;
  }

  async open(headers: Headers): Promise<number> {
    const id = this.nextId;
    this.nextId += 2;
    const compressed = once(this.deflate, 'data');
    this.deflate.write(block(headers));
    const [bytes] = (await compressed) as [Buffer];
    const rest = Buffer.concat([Buffer.alloc(2), bytes]);
    this.socket.write(controlFrame(SYN_STREAM, [id, 0], rest));
    return id;
  }

  send(id: number, text: string, end = false): void {
    this.socket.write(dataFrame(id, Buffer.from(text), end ? FLAG_FIN : 0));
  }

  received(id: number): string {
    return this.texts.get(id) ?? '';
  }

  hasEnded(id: number): boolean {
    return this.ended.has(id);
  }

  private receive(chunk: Buffer): void {
    for (const frame of this.parser.push(chunk)) {
      if (!('data' in frame)) continue;
      this.texts.set(frame.streamId, this.received(frame.streamId) + frame.data.toString());
      if (frame.flags & FLAG_FIN) this.ended.add(frame.streamId);
    }
  }
}
