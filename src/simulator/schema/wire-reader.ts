import { DecodeError } from './decode-error.js';

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

/**
 * Reads protobuf's wire format; every read past the end is a `DecodeError`.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  private position = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** The next field's number and wire type. */
  tag(): { field: number; wireType: number } {
    const tag = this.unsigned();
    return { field: Math.floor(tag / 8), wireType: tag % 8 };
  }

  /** A varint as an unsigned number: lengths, tags. */
  unsigned(): number {
    return Number(this.varint());
  }

  /** A varint as a signed number of 64 bits (negative int32 are sent so too). */
  signed(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  private varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new DecodeError('proto: integer overflow');
  }

  lengthDelimited(): Uint8Array {
    return this.take(this.unsigned());
  }

  double(): number {
    const at = this.position;
    this.take(8);
    return this.view.getFloat64(at, true);
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED64) this.take(8);
    else if (wireType === LENGTH_DELIMITED) this.lengthDelimited();
    else if (wireType === FIXED32) this.take(4);
    else throw new DecodeError(`proto: illegal wireType ${wireType}`);
  }

  private byte(): number {
    const byte = this.bytes[this.position++];
    if (byte === undefined) throw new DecodeError('unexpected EOF');
    return byte;
  }

  private take(length: number): Uint8Array {
    const end = this.position + length;
    if (end > this.bytes.length) throw new DecodeError('unexpected EOF');
    const part = this.bytes.subarray(this.position, end);
    this.position = end;
    return part;
  }
}
