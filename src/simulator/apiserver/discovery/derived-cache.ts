import type { ResourceCatalogue } from '../../schema/resources.js';

interface Derived<T> {
  generation: number;
  values: Map<string, T>;
}

/**
 * Keeps what is made from a catalogue until the catalogue changes. Catalogues without custom resources are all equal,
 * whatever cluster they belong to, so they share one set of values: a process with a hundred clusters has it once.
 */
export class DerivedCache<T> {
  private readonly shared = new Map<string, T>();
  private readonly own = new WeakMap<ResourceCatalogue, Derived<T>>();

  /** What `make` makes is kept under `key`; undefined is not, so that asking for what does not exist costs no memory. */
  get<Made extends T | undefined>(catalogue: ResourceCatalogue, key: string, make: () => Made): T | Made {
    const values = this.valuesOf(catalogue);
    const known = values.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (made !== undefined) values.set(key, made);
    return made;
  }

  private valuesOf(catalogue: ResourceCatalogue): Map<string, T> {
    const own = this.own.get(catalogue);
    if (own?.generation === catalogue.generation) return own.values;
    const custom = catalogue.all().some((resource) => resource.custom);
    const values = custom ? new Map<string, T>() : this.shared;
    this.own.set(catalogue, { generation: catalogue.generation, values });
    return values;
  }
}
