import type { ResourceName } from '../../object.js';
import type { Working } from '../strategies/strategy.js';

/** How one version of a resource that is not the stored one is turned into it and back. Neither changes its argument. */
export interface Conversion {
  /** The resource and version in which objects are stored. */
  storedAs: ResourceName;
  storedVersion: string;
  toStored(object: Working): Working;
  fromStored(object: Working): Working;
}
