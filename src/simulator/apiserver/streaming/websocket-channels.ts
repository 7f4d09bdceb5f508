import { PassThrough, type Readable, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

const CLOSE_CHANNEL = 255;

/** Channel numbers as bytes, or as digits before base64 for clients that only have text. */
export type ChannelEncoding = 'binary' | 'base64';

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/**
 * Several byte streams in one websocket: each message begins with the number of its channel;
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */
export class WebSocketChannels {
  private readonly readers = new Map<number, PassThrough>();

  constructor(
    private readonly webSocket: WebSocket,
    private readonly encoding: ChannelEncoding,
  ) {
    webSocket.on('message', (data) => this.receive(toBuffer(data)));
    webSocket.once('close', () => {
      for (const reader of this.readers.values()) reader.destroy();
    });
  }

  /** What the client sends on a channel. While nobody reads it, nothing more is taken from the client. */
  reader(channel: number): Readable {
    const reader = new PassThrough();
    // A client that goes away is heard of by `close`.
    reader.on('error', () => undefined);
    reader.once('close', () => this.webSocket.resume());
    this.readers.set(channel, reader);
    return reader;
  }

  /** Sends what is written to the client; each write completes when the socket took it. */
  writer(channel: number): Writable {
    const writer = new Writable({
      write: (chunk: Buffer, _encoding, callback) =>
        this.send(channel, chunk).then(() => callback(), callback),
    });
    writer.on('error', () => undefined);
    this.webSocket.once('close', () => writer.destroy());
    return writer;
  }

  send(channel: number, data: Buffer): Promise<void> {
    const message =
      this.encoding === 'binary'
        ? Buffer.concat([Buffer.from([channel]), data])
        : `${channel}${data.toString('base64')}`;
    return new Promise((resolve, reject) => {
      this.webSocket.send(message, (error) => (error ? reject(error) : resolve()));
    });
  }

  private receive(message: Buffer): void {
    if (message.length === 0) return;
    const binary = this.encoding === 'binary';
    const channel = binary ? message.readUInt8(0) : message.readUInt8(0) - '0'.charCodeAt(0);
    const data = binary ? message.subarray(1) : Buffer.from(message.toString('latin1', 1), 'base64');
    if (binary && channel === CLOSE_CHANNEL) this.readers.get(data.at(0) ?? -1)?.end();
    else this.deliver(this.readers.get(channel), data);
  }

  private deliver(reader: PassThrough | undefined, data: Buffer): void {
    if (!reader || reader.destroyed || reader.writableEnded || data.length === 0) return;
    if (reader.write(data)) return;
    this.webSocket.pause();
    reader.once('drain', () => this.webSocket.resume());
  }
}
