/** The few forms of DER that certificates are made of; ITU-T X.690. */
export type Der = Buffer;

/** One value of any tag; `parts` follow each other as its content. */
export function tagged(tag: number, ...parts: Uint8Array[]): Der {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) size.unshift(rest & 0xff);
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from(header), content]);
}

export const sequence = (...parts: Uint8Array[]): Der => tagged(0x30, ...parts);
export const set = (...parts: Uint8Array[]): Der => tagged(0x31, ...parts);
export const octets = (content: Uint8Array): Der => tagged(0x04, content);
export const text = (value: string): Der => tagged(0x0c, Buffer.from(value));
export const yes = (): Der => tagged(0x01, Buffer.of(0xff));
/** `bytes`: big-endian and positive as it stands. */
export const integer = (bytes: Uint8Array): Der => tagged(0x02, bytes);
/** `unused`: how many of the last bits do not count. */
export const bits = (content: Uint8Array, unused = 0): Der => tagged(0x03, Buffer.of(unused), content);
/** `[number] EXPLICIT`, and the constructed `[number] IMPLICIT`. */
export const context = (number: number, ...parts: Uint8Array[]): Der => tagged(0xa0 | number, ...parts);

/** `1.2.840.10045.2.1` */
export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const bytes = [40 * first + second, ...others].flatMap((part) => {
    const groups = [part & 0x7f];
    for (let rest = part >> 7; rest > 0; rest >>= 7) groups.unshift(0x80 | (rest & 0x7f));
    return groups;
  });
  return tagged(0x06, Buffer.from(bytes));
}

/** Whole seconds; with two digits of the year before 2050, as RFC 5280 wants it. */
export function time(date: Date): Der {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  if (date.getUTCFullYear() < 2050) return tagged(0x17, Buffer.from(digits.slice(2)));
  return tagged(0x18, Buffer.from(digits));
}
