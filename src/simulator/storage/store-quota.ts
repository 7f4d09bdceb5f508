import { ApiError } from '../apiserver/api-error.js';
import type { Commit } from './commit.js';
import type { Journal } from './journal.js';
import type { Store } from './store.js';

/** What one cluster may hold, so that it cannot eat the process that it shares with others. */
export interface StoreLimits {
  /** Of all objects as JSON. etcd's own is 2 GiB: https://etcd.io/docs/v3.5/op-guide/maintenance/#space-quota */
  bytes: number;
  /** Of one resource. */
  objects: number;
}

export const DEFAULT_STORE_LIMITS: StoreLimits = { bytes: 32 * 2 ** 20, objects: 5_000 };

/**
 * Throws as the API server does when etcd is full, if `commit` makes a full store larger; what shrinks it, or changes an
 * object without making it longer, is let through. Bytes are only counted where there is a journal.
 */
export function refuseGrowth(
  commit: Commit,
  store: Store,
  journal: Journal | undefined,
  limits: StoreLimits,
): void {
  const { type, resource } = commit;
  if (type === 'DELETED') return;
  if (type === 'ADDED' && store.count(resource) >= limits.objects) throw spaceExceeded();
  if (!journal || journal.sizeBytes <= limits.bytes || !grows(commit)) return;
  // Until now it was an upper bound: the journal counts every version of an object.
  journal.compactIfGrown(store);
  if (journal.sizeBytes > limits.bytes) throw spaceExceeded();
}

function grows({ object, previous }: Commit): boolean {
  return !previous || JSON.stringify(object).length > JSON.stringify(previous).length + SLACK_CHARACTERS;
}

/** A longer time stamp or count in a status is no growth. */
const SLACK_CHARACTERS = 256;

const spaceExceeded = () => new ApiError(500, '', 'etcdserver: mvcc: database space exceeded');
