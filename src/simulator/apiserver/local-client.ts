import type { TokenRequest } from '../api/authentication-v1.generated.js';
import type { Scale } from '../api/autoscaling-v1.generated.js';
import type { Binding } from '../api/core-v1.generated.js';
import type { Eviction } from '../api/policy-v1.generated.js';
import type { Client, DeleteOptions, EventNote, ListOptions } from '../client.js';
import type { JsonObject } from '../machinery/json.js';
import { applyMergePatch } from '../machinery/merge-patch.js';
import type { Draft, KubernetesObject, ResourceName, WatchEvent } from '../object.js';
import { decodeValue } from '../schema/decode-json.js';
import type { ServedResource } from '../schema/resources.js';
import { typeNameOf } from '../schema/types.js';
import { ApiError, badRequest } from './api-error.js';
import { type Caller, systemCaller } from './caller.js';
import { storageOf } from './conversion/storage-version.js';
import { EventRecorder } from './event-recorder.js';
import type { Registry, Target } from './registry.js';
import type { Scope } from './scopes.js';
import type { Working } from './strategies/strategy.js';
import { bind } from './subresources/binding.js';
import { evict } from './subresources/eviction.js';
import { rescale } from './subresources/scale.js';
import { issueToken } from './subresources/token.js';

const GROUPS = ['system:masters', 'system:authenticated'];

/** The API server as a user inside its own process: no HTTP and no authorization, everything else as for requests. */
export function createLocalClient(registry: Registry, user: string): Client {
  return new LocalClient(registry, systemCaller(user, GROUPS));
}

class LocalClient implements Client {
  private readonly events: EventRecorder;

  constructor(
    private readonly registry: Registry,
    private readonly caller: Caller,
  ) {
    this.events = new EventRecorder(registry, caller);
  }

  get<T extends KubernetesObject>(resource: ResourceName, namespace: string | undefined, name: string) {
    return this.registry.core.store.get(storageOf(this.resource(resource)), namespace, name) as T | undefined;
  }

  list<T extends KubernetesObject>(
    resource: ResourceName,
    { namespace, matchLabels }: ListOptions = {},
  ): T[] {
    const objects = this.registry.core.store.list(storageOf(this.resource(resource)), namespace) as T[];
    if (!matchLabels) return objects;
    const wanted = Object.entries(matchLabels);
    return objects.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value));
  }

  ownedBy<T extends KubernetesObject>(resource: ResourceName, ownerUid: string): T[] {
    return this.registry.core.store.ownedBy(storageOf(this.resource(resource)), ownerUid) as T[];
  }

  async create<T extends KubernetesObject>(resource: ResourceName, object: Draft<T>): Promise<T> {
    const served = this.resource(resource);
    const own = ownCopy(served, object);
    const { namespace } = own.metadata;
    return (await this.registry.create({ resource: served, namespace }, own, this.caller)) as T;
  }

  update<T extends KubernetesObject>(resource: ResourceName, object: T): Promise<T> {
    return this.replace(resource, object);
  }

  updateStatus<T extends KubernetesObject>(resource: ResourceName, object: T): Promise<T> {
    return this.replace(resource, object, 'status');
  }

  async createSubresource(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: Record<string, unknown>,
  ): Promise<unknown> {
    const target = this.target(resource, namespace, name);
    const write = SUBRESOURCES[subresource];
    if (!write) throw badRequest(`${resource} has no subresource ${subresource} that can be created`);
    return write(this.registry, target, body, this.caller);
  }

  async mergePatch<T extends KubernetesObject>(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    patch: Record<string, unknown>,
    subresource?: string,
  ): Promise<T> {
    const target = this.target(resource, namespace, name);
    const change = (current: Working) =>
      ownCopy(target.resource, applyMergePatch(current, patch) as KubernetesObject);
    const scope = (subresource ?? 'object') as Scope;
    return (await this.registry.update(target, change, this.caller, { verb: 'patch', scope })) as T;
  }

  async delete(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { uid, resourceVersion, propagationPolicy = 'Background', gracePeriodSeconds } = options;
    const preconditions = { uid, resourceVersion };
    const target = this.target(resource, namespace, name);
    await this.registry.delete(target, { propagationPolicy, gracePeriodSeconds, preconditions }, this.caller);
  }

  watch<T extends KubernetesObject>(
    resource: ResourceName,
    listener: (event: WatchEvent<T>) => void,
  ): () => void {
    const { store } = this.registry.core;
    const stored = storageOf(this.resource(resource));
    for (const object of store.list(stored)) listener({ type: 'ADDED', object: object as T });
    return store.subscribe(stored, ({ type, object, previous }) =>
      listener({ type, object: object as T, previous: previous as T | undefined }),
    );
  }

  note(event: EventNote): void {
    this.events.record(event);
  }

  private async replace<T extends KubernetesObject>(
    resource: ResourceName,
    object: T,
    scope?: Scope,
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const target = this.target(resource, namespace, name);
    return (await this.registry.replace(target, ownCopy(target.resource, object), this.caller, scope)) as T;
  }

  private target(resource: ResourceName, namespace: string | undefined, name: string): Target {
    return { resource: this.resource(resource), namespace, name };
  }

  private resource(name: ResourceName): ServedResource {
    const resource = this.registry.core.catalogue.named(name);
    if (!resource)
      throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
    return resource;
  }
}

/** The whole object, of which only the part that is the subresource counts. */
function writeScope(scope: Scope): Write {
  return (registry, target, body, caller) =>
    registry.replace(target, ownCopy(target.resource, body), caller, scope);
}

type Write = (registry: Registry, target: Target, body: JsonObject, caller: Caller) => Promise<unknown>;

const SUBRESOURCES: Record<string, Write> = {
  binding: (registry, target, body, caller) => bind(registry, target, body as unknown as Binding, caller),
  eviction: (registry, target, body, caller) => evict(registry, target, body as unknown as Eviction, caller),
  scale: (registry, target, body, caller) =>
    rescale(registry, target, caller, () => body as unknown as Scale),
  finalize: writeScope('finalize'),
  approval: writeScope('approval'),
  ephemeralcontainers: writeScope('ephemeralcontainers'),
  resize: writeScope('resize'),
  token: (registry, target, body) => issueToken(registry, target, body as unknown as TokenRequest),
};

/** A fresh copy in the form that a decoded body has: what callers pass may share parts with stored objects. */
function ownCopy({ apiVersion, kind }: ServedResource, object: object): Working {
  const { value } = decodeValue({ ...object, apiVersion, kind }, typeNameOf(apiVersion, kind));
  value['metadata'] ??= {};
  return value as Working;
}
