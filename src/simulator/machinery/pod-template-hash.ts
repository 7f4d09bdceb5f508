import { goJson } from './json.js';
import { SAFE_ALPHABET } from './random-suffix.js';

/**
 * The `pod-template-hash` of a template: the same for equal templates whatever the order of their keys, another one for
 * each `collisionCount`. Looks like Kubernetes' own (`7b46c4b544`), but is not equal to it, which hashes Go's memory layout.
 */
export function podTemplateHash(template: unknown, collisionCount?: number): string {
  const text = collisionCount === undefined ? goJson(template) : `${goJson(template)}/${collisionCount}`;
  return [...String(fnv1a(text))]
    .map((digit) => SAFE_ALPHABET[digit.charCodeAt(0) % SAFE_ALPHABET.length])
    .join('');
}

/** FNV-1a of 32 bits; http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
