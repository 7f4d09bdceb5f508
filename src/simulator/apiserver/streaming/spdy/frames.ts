import { SpdyError } from './header-block.js';

/** Types of control frames; https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/#26-control-frames */
export const SYN_STREAM = 1;
export const SYN_REPLY = 2;
export const RST_STREAM = 3;
export const PING = 6;
export const GOAWAY = 7;
export const HEADERS = 8;

export const FLAG_FIN = 1;
const VERSION = 3;
const HEAD_BYTES = 8;
/** A frame's length has 24 bits; no client of Kubernetes sends frames near that. */
const MAX_FRAME_BYTES = 1024 * 1024;

export interface DataFrame {
  streamId: number;
  flags: number;
  data: Buffer;
}

export interface ControlFrame {
  type: number;
  flags: number;
  payload: Buffer;
}

export type Frame = DataFrame | ControlFrame;

/** Cuts a byte stream into frames. */
export class FrameParser {
  private pending: Buffer = Buffer.alloc(0);

  /** The frames that are complete with `chunk`; throws `SpdyError` when it is no SPDY/3. */
  *push(chunk: Buffer): Generator<Frame> {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= HEAD_BYTES) {
      const length = this.pending.readUIntBE(5, 3);
      if (length > MAX_FRAME_BYTES) throw new SpdyError('frame is too large');
      if (this.pending.length < HEAD_BYTES + length) return;
      const head = this.pending.subarray(0, HEAD_BYTES);
      const body = this.pending.subarray(HEAD_BYTES, HEAD_BYTES + length);
      this.pending = this.pending.subarray(HEAD_BYTES + length);
      yield toFrame(head, body);
    }
  }
}

function toFrame(head: Buffer, body: Buffer): Frame {
  const flags = head.readUInt8(4);
  const first = head.readUInt32BE(0);
  if (first < 0x80000000) return { streamId: first, flags, data: body };
  if (((first >>> 16) & 0x7fff) !== VERSION) throw new SpdyError('not SPDY/3');
  return { type: first & 0xffff, flags, payload: body };
}

export function dataFrame(streamId: number, data: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([head, data]);
}

/** `words` are the 32-bit numbers that the payload begins with. */
export function controlFrame(type: number, words: readonly number[], rest: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + 4 * words.length);
  frame.writeUInt32BE(0x80000000 + VERSION * 0x10000 + type, 0);
  frame.writeUInt32BE(4 * words.length + rest.length, 4);
  words.forEach((word, index) => {
    frame.writeUInt32BE(word, HEAD_BYTES + 4 * index);
  });
  return Buffer.concat([frame, rest]);
}
