/** Two of these generations are kept in all, however many clusters the process has. */
const GENERATION_BYTES = 16 * 2 ** 20;

let young = new WeakMap<object, string>();
let old = new WeakMap<object, string>();
let youngBytes = 0;

/**
 * A stored object, or a part of one, as JSON. Stored objects never change, so the text is kept for the next reader: by weak reference, and
 * for no more than the most recently used 32 MiB of the process.
 */
export function serialize(object: object): string {
  const known = young.get(object);
  if (known !== undefined) return known;
  const text = old.get(object) ?? JSON.stringify(object);
  young.set(object, text);
  youngBytes += text.length;
  if (youngBytes > GENERATION_BYTES) {
    old = young;
    young = new WeakMap();
    youngBytes = 0;
  }
  return text;
}
