/** Without vowels and look-alikes; https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand#SafeEncodeString */
export const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A number in [0, 1), as `Math.random` gives. */
export type Random = () => number;

/** A suffix for generated names: `generateName: web-` becomes `web-x7k2p`. */
export function randomSuffix(random: Random = Math.random, length = 5): string {
  let suffix = '';
  for (let index = 0; index < length; index++)
    suffix += SAFE_ALPHABET[Math.floor(random() * SAFE_ALPHABET.length)];
  return suffix;
}

/** A generated name: the prefix cut so that the whole fits into 63 characters, and a random suffix. */
export function generateName(prefix: string, random: Random = Math.random): string {
  return `${prefix.slice(0, 58)}${randomSuffix(random)}`;
}
