import { constants, createInflate, type Inflate } from 'node:zlib';
import { SPDY_DICTIONARY } from './dictionary.js';

export type Headers = Record<string, string>;

/** The bytes are not what SPDY/3.1 allows: the connection cannot go on. */
export class SpdyError extends Error {
  override name = 'SpdyError';
}

/** Far more than any client sends, and little enough that a bomb does no harm. */
const MAX_BLOCK_BYTES = 64 * 1024;

function parseBlock(block: Buffer): Headers {
  let offset = 0;
  const readLength = () => {
    if (offset + 4 > block.length) throw new SpdyError('header block is too short');
    offset += 4;
    return block.readUInt32BE(offset - 4);
  };
  const readText = () => {
    const length = readLength();
    if (offset + length > block.length) throw new SpdyError('header block is too short');
    offset += length;
    return block.toString('utf8', offset - length, offset);
  };
  const headers: Headers = {};
  for (let left = readLength(); left > 0; left--) headers[readText().toLowerCase()] = readText();
  return headers;
}

/** Reads the header blocks of one connection, which are one zlib stream that is flushed after each block. */
export class HeaderReader {
  private readonly inflate: Inflate = createInflate({
    dictionary: SPDY_DICTIONARY,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  private parts: Buffer[] = [];
  private size = 0;
  private failure: Error | undefined;

  constructor() {
    this.inflate.on('data', (part: Buffer) => this.take(part));
    this.inflate.on('error', (error) => {
      this.failure = error;
    });
  }

  /** Blocks must be read in the order they came in, each after the one before. */
  async read(compressed: Buffer): Promise<Headers> {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error) => reject(new SpdyError('header block is corrupt', { cause: error }));
      if (this.failure) return failed(this.failure);
      this.inflate.once('error', failed);
      this.inflate.write(compressed, () => {
        this.inflate.off('error', failed);
        resolve();
      });
    });
    if (this.size > MAX_BLOCK_BYTES) throw new SpdyError('header block is too large');
    const block = Buffer.concat(this.parts);
    this.parts = [];
    this.size = 0;
    return parseBlock(block);
  }

  close(): void {
    this.inflate.destroy();
  }

  private take(part: Buffer): void {
    this.size += part.length;
    if (this.size <= MAX_BLOCK_BYTES) this.parts.push(part);
  }
}

const ZLIB_HEADER = Buffer.from([0x78, 0x01]);
/** An empty block: what zlib's sync flush ends with, and what makes readers hand out all that came before. */
const FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff]);
const STORED_BLOCK_HEAD_BYTES = 5;

/** Writes the header blocks of one connection. They are short and few, so they are stored, not compressed. */
export class HeaderWriter {
  private begun = false;

  write(headers: Headers): Buffer {
    const fields = Object.entries(headers).flat();
    const parts: Buffer[] = [uint32(fields.length / 2)];
    for (const field of fields) parts.push(uint32(Buffer.byteLength(field)), Buffer.from(field));
    const block = Buffer.concat(parts);
    const head = Buffer.alloc(STORED_BLOCK_HEAD_BYTES);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    const stored = Buffer.concat([head, block, FLUSH]);
    if (this.begun) return stored;
    this.begun = true;
    return Buffer.concat([ZLIB_HEADER, stored]);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
