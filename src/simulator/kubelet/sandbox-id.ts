import { createHash } from 'node:crypto';

/** The container runtime's id of a pod's sandbox, which its messages name instead of the pod: 64 hexadecimal digits. */
export function sandboxId(podUid: string): string {
  return createHash('sha256').update(podUid).digest('hex');
}
