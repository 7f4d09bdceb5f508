import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 16;

/** A fresh id: 16 characters `[a-z2-7]`, the first a letter, so that it can name a host or a Kubernetes object too. */
export function newId(): string {
  const [first = 0, ...rest] = randomBytes(LENGTH);
  return ALPHABET.charAt(first % 26) + rest.map((byte) => ALPHABET.charAt(byte % 32)).join('');
}

/** Whether a text has the form of an id. What has not is not worth asking the database for. */
export function isId(text: string): boolean {
  return /^[a-z][a-z2-7]{15}$/.test(text);
}
