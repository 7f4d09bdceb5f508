import { Duplex } from 'node:stream';
import {
  type ControlFrame,
  controlFrame,
  dataFrame,
  FLAG_FIN,
  type Frame,
  FrameParser,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SYN_REPLY,
  SYN_STREAM,
} from './frames.js';
import { HeaderReader, type Headers, HeaderWriter, SpdyError } from './header-block.js';

const CANCEL = 5;
const STREAM_ID_MASK = 0x7fffffff;
const MAX_STREAMS = 1000;

/** What a stream needs of its session. */
interface Wire {
  send(frame: Buffer): Promise<void>;
  forget(streamId: number): void;
}

/** One stream that the client opened: what it writes is read here, and the other way round. */
export class SpdyStream extends Duplex {
  private finSent = false;
  private wanted: (() => void) | undefined;

  constructor(
    private readonly wire: Wire,
    readonly id: number,
    readonly headers: Headers,
  ) {
    super({ allowHalfOpen: true, emitClose: true });
    // Whoever serves a stream hears of its end by `close`; a reset by the client is no error of ours.
    this.on('error', () => undefined);
  }

  /** Resolves when the reader has room for more, which holds up the whole connection: SPDY clients have no windows. */
  async receive(data: Buffer): Promise<void> {
    if (this.destroyed || this.readableEnded || this.push(data)) return;
    await new Promise<void>((resolve) => {
      this.wanted = resolve;
      this.once('close', resolve);
    });
  }

  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.wanted?.();
    this.wanted = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.wire.send(dataFrame(this.id, chunk)).then(() => callback(), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.finSent = true;
    this.wire.send(dataFrame(this.id, Buffer.alloc(0), FLAG_FIN)).then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.wire.forget(this.id);
    if (!this.finSent) this.wire.send(controlFrame(RST_STREAM, [this.id, CANCEL])).catch(() => undefined);
    callback(error);
  }
}

/**
 * The server's side of a SPDY/3.1 connection, as kubectl's remote commands and port forwards speak it: the client opens
 * streams, both write. Over any byte stream: a socket, or a websocket that carries one.
 */
export class SpdySession {
  private readonly streams = new Map<number, SpdyStream>();
  private readonly headerReader = new HeaderReader();
  private readonly headerWriter = new HeaderWriter();
  private lastStreamId = 0;

  constructor(
    private readonly transport: Duplex,
    private readonly onStream: (stream: SpdyStream) => void,
  ) {}

  /** Serves the connection; resolves when it has ended, whatever the reason. */
  async run(): Promise<void> {
    const parser = new FrameParser();
    try {
      for await (const chunk of this.transport)
        for (const frame of parser.push(chunk as Buffer)) await this.handle(frame);
    } catch {
      // A client that is gone, or that does not speak SPDY: either way nobody is left to tell.
    } finally {
      this.headerReader.close();
      for (const stream of [...this.streams.values()]) stream.destroy();
      this.transport.destroy();
    }
  }

  /** Says goodbye and closes the connection once everything written before is sent. */
  async close(): Promise<void> {
    await this.send(controlFrame(GOAWAY, [this.lastStreamId, 0])).catch(() => undefined);
    this.transport.end();
  }

  private async handle(frame: Frame): Promise<void> {
    if (!('data' in frame)) return this.handleControl(frame);
    const stream = this.streams.get(frame.streamId);
    if (!stream) return;
    if (frame.data.length > 0) await stream.receive(frame.data);
    if (frame.flags & FLAG_FIN) stream.receiveEnd();
  }

  private async handleControl({ type, flags, payload }: ControlFrame): Promise<void> {
    const word = payload.length >= 4 ? payload.readUInt32BE(0) : 0;
    if (type === SYN_STREAM) return this.open(word & STREAM_ID_MASK, flags, payload);
    if (type === RST_STREAM) this.streams.get(word & STREAM_ID_MASK)?.destroy();
    if (type === PING) await this.send(controlFrame(PING, [word]));
    if (type === GOAWAY && this.streams.size === 0) this.transport.end();
    // Nothing is done with these headers, but they are part of the one compressed stream.
    if (type === HEADERS || type === SYN_REPLY) await this.headerReader.read(payload.subarray(4));
    // SETTINGS and WINDOW_UPDATE change nothing: the transport's own back-pressure rules.
  }

  private async open(id: number, flags: number, payload: Buffer): Promise<void> {
    if (id <= this.lastStreamId) throw new SpdyError('stream ids must grow');
    // Always read: the header blocks of a connection are one compressed stream.
    const headers = await this.headerReader.read(payload.subarray(10));
    if (this.streams.size >= MAX_STREAMS) throw new SpdyError('too many streams');
    this.lastStreamId = id;
    const stream = new SpdyStream(this.wire, id, headers);
    this.streams.set(id, stream);
    await this.send(controlFrame(SYN_REPLY, [id], this.headerWriter.write({})));
    if (flags & FLAG_FIN) stream.receiveEnd();
    this.onStream(stream);
  }

  private readonly wire: Wire = {
    send: (frame) => this.send(frame),
    forget: (streamId) => this.streams.delete(streamId),
  };

  private send(frame: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.transport.writable) return reject(new SpdyError('the connection is closed'));
      this.transport.write(frame, (error) => (error ? reject(error) : resolve()));
    });
  }
}
