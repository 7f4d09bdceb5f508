import type { Secret } from '../../common/secret.js';

const PURPOSE = 'cluster-access';

/**
 * The key in the address of a lab's cluster. kubectl sends no credential to a server without TLS, and a learner's machine
 * need not know our certificate, so the address itself is the key: made of the lab's id with the installation's secret,
 * good for this lab alone, for as long as it lives.
 */
export function accessKey(secret: Secret, labId: string): string {
  return secret.sign(PURPOSE, labId);
}

/** Whether a key belongs to the lab. */
export function isAccessKey(secret: Secret, labId: string, key: string): boolean {
  return secret.verify(PURPOSE, labId, key);
}
