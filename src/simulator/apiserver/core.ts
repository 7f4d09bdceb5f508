import type { Clock } from '../clock/clock.js';
import type { ResourceCatalogue } from '../schema/resources.js';
import type { Store } from '../storage/store.js';
import type { AddressAllocator } from './strategies/address-allocator.js';
import type { TokenAuthority } from './token-authority.js';

/** What everything inside one API server shares. */
export interface Core {
  store: Store;
  catalogue: ResourceCatalogue;
  clock: Clock;
  addresses: AddressAllocator;
  tokens: TokenAuthority;
  /** PEM, as it is published in `kube-root-ca.crt`. */
  certificateAuthority: string;
}
