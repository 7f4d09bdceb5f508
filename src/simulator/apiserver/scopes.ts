import { cloneJson, isObject, type JsonObject } from '../machinery/json.js';
import type { ServedResource } from '../schema/resources.js';
import type { Working } from './strategies/strategy.js';
import { hasStatus } from './strategies/traits.js';

/** The part of an object that one write may change, named as its subresource. */
export type Scope =
  | 'object'
  | 'status'
  | 'scale'
  | 'approval'
  | 'finalize'
  | 'ephemeralcontainers'
  | 'resize'
  | 'binding';

type Take = (current: Working, proposed: Working) => Working;

const child = (object: Working, key: string) => (object[key] ?? {}) as JsonObject;

/** For subresources that are one field of a part: everything else stays as it is. */
const fieldOf =
  (part: string, field: string): Take =>
  (current, proposed) => {
    const next = cloneJson(current);
    const value = child(proposed, part)[field];
    next[part] = { ...child(next, part) };
    if (value === undefined) delete child(next, part)[field];
    else child(next, part)[field] = value;
    return next;
  };

/** A resize changes the resources of containers that are there, by name, and their resize policies never. */
const takeResources: Take = (current, proposed) => {
  const next = cloneJson(current);
  for (const list of ['containers', 'initContainers']) {
    const wanted = new Map(containersIn(proposed, list).map(({ name, resources }) => [name, resources]));
    for (const container of containersIn(next, list)) {
      const resources = wanted.get(container['name']);
      if (resources !== undefined) container['resources'] = resources;
    }
  }
  return next;
};

function containersIn(object: Working, list: string): JsonObject[] {
  const containers = child(object, 'spec')[list];
  return Array.isArray(containers) ? containers.filter(isObject) : [];
}

/** What each subresource takes from the object that is sent. Those that are not here take all of it. */
const TAKES: Partial<Record<Scope, Take>> = {
  status: (current, proposed) => {
    const { metadata } = proposed;
    const next: Working = { ...cloneJson(current), status: proposed['status'] };
    if (proposed['status'] === undefined) delete next['status'];
    // Labels, annotations and finalizers come along with a status; owners do not.
    next.metadata = {
      ...metadata,
      ...(current.metadata.ownerReferences && {
        ownerReferences: cloneJson(current.metadata.ownerReferences),
      }),
    };
    return next;
  },
  approval: fieldOf('status', 'conditions'),
  finalize: fieldOf('spec', 'finalizers'),
  resize: takeResources,
  ephemeralcontainers: fieldOf('spec', 'ephemeralContainers'),
};

/** The next state: what `scope` lets through of `proposed`, the rest from `current`. Owned by the caller. */
export function takeScope(
  scope: Scope,
  resource: ServedResource,
  current: Working,
  proposed: Working,
): Working {
  if (scope !== 'object') return TAKES[scope]?.(current, proposed) ?? proposed;
  if (!hasStatus(resource)) return proposed;
  if (current['status'] === undefined) delete proposed['status'];
  else proposed['status'] = cloneJson(current['status']);
  return proposed;
}
