const VARINT = 0;
const LENGTH_DELIMITED = 2;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** A field of wire type 2: text or an encoded message. https://protobuf.dev/programming-guides/encoding/ */
export function lengthDelimited(fieldNumber: number, content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const head = [...varint((fieldNumber << 3) | LENGTH_DELIMITED), ...varint(bytes.length)];
  return Buffer.concat([Buffer.from(head), bytes]);
}

export function booleanField(fieldNumber: number, value: boolean): Buffer {
  return Buffer.from([...varint((fieldNumber << 3) | VARINT), value ? 1 : 0]);
}
