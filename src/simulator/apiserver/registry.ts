import { timestamp } from '../clock/clock.js';
import { cloneJson } from '../machinery/json.js';
import type { KubernetesObject, ResourceName } from '../object.js';
import { applyDefaults } from '../schema/defaults.js';
import type { ServedResource } from '../schema/resources.js';
import type { Origin } from '../storage/commit.js';
import { validateObject } from '../validation/validation.js';
import { type AdmissionPlugin, type AdmissionRequest, runAdmission } from './admission/plugin.js';
import { alreadyExists, conflict, invalid, notFound, type StatusCause } from './api-error.js';
import type { Caller } from './caller.js';
import { fromStored, storageOf, toStored } from './conversion/storage-version.js';
import type { Core } from './core.js';
import { type DeletionOptions, planDeletion, readyToGo } from './deletion.js';
import { checkPreconditions, keepServerMetadata } from './object-meta.js';
import { type Scope, takeScope } from './scopes.js';
import { shareUnchanged } from './share-unchanged.js';
import { strategyOf } from './strategies/strategies.js';
import type { Working, WriteContext } from './strategies/strategy.js';
import {
  allowsUnconditionalUpdate,
  hasStatus,
  isCreatedByUpdate,
  keepsStatusOnCreate,
} from './strategies/traits.js';
import {
  bumpGeneration,
  changeProblems,
  entriesAfter,
  resetStatus,
  setManagedFields,
  startMetadata,
  unspecifiedVersion,
} from './write-steps.js';

/** One object as a request names it. */
export interface Target {
  resource: ServedResource;
  namespace: string | undefined;
  name: string;
}

export interface UpdateOptions {
  /** Which part of the object may change; the object without its status unless told. */
  scope?: Scope;
  /** As the audit journal records it. */
  verb?: 'update' | 'patch' | 'apply';
  /** The change names the managers of its fields itself, as server-side apply does. */
  managesFields?: boolean;
  /** Makes the object when it does not exist. */
  createMissing?: () => Working;
}

/** Computes the next state, which it hands over, from the current one, which it must not change. */
export type Change = (current: Working) => Working;

/** Attempts at a change that names no resourceVersion and meets concurrent writes. */
const MAX_ATTEMPTS = 5;

/**
 * The one write path of the API server, for HTTP requests and for the cluster's own programs. Objects go in and come out
 * in the version of `Target.resource`; the store has one version of each.
 * The order of the steps is that of https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */
export class Registry {
  constructor(
    readonly core: Core,
    private readonly plugins: readonly AdmissionPlugin[],
  ) {}

  find({ resource, namespace, name }: Target): KubernetesObject | undefined {
    const stored = this.core.store.get(storageOf(resource), namespace, name);
    return stored && fromStored(resource, stored);
  }

  /** Throws 404 NotFound. */
  get(target: Target): KubernetesObject {
    const object = this.find(target);
    if (!object) throw notFound(target.resource, target.name);
    return object;
  }

  list(resource: ServedResource, namespace?: string): KubernetesObject[] {
    return this.core.store.list(storageOf(resource), namespace).map((stored) => fromStored(resource, stored));
  }

  /** `object` is handed over. Throws 404 for the namespace, 409 AlreadyExists, 422 Invalid, 403 Forbidden. */
  async create(
    target: Omit<Target, 'name'>,
    object: Working,
    caller: Caller,
    options: Pick<UpdateOptions, 'managesFields'> = {},
  ): Promise<KubernetesObject> {
    const { resource, namespace } = target;
    const context: WriteContext = { core: this.core, caller, namespace };
    startMetadata(object, resource, namespace, timestamp(this.core.clock));
    applyDefaults(object);
    const request = this.admissionRequest('CREATE', target, object, undefined, caller);
    const mutated = runAdmission(this.plugins, 'mutate', request);
    if (mutated) await mutated;
    if (hasStatus(resource) && !keepsStatusOnCreate(resource)) resetStatus(object, resource);
    // What the server sets from here on belongs to no field manager.
    const entries = options.managesFields
      ? object.metadata.managedFields
      : entriesAfter(undefined, object, resource, caller, timestamp(this.core.clock));
    const strategy = strategyOf(resource);
    strategy.prepareForCreate?.(object, context);
    applyDefaults(object);
    this.refuse(resource, object, [
      ...validateObject(object, resource),
      ...(strategy.validate?.(object, undefined, context) ?? []),
    ]);
    const validated = runAdmission(this.plugins, 'validate', request);
    if (validated) await validated;
    const { name } = object.metadata;
    if (this.core.store.get(storageOf(resource), namespace, name)) throw alreadyExists(resource, name);
    strategy.allocate?.(object, undefined, context);
    setManagedFields(object, entries);
    return this.commit('ADDED', resource, object, undefined, context, 'create');
  }

  /** Throws 404, 409 Conflict, 422 Invalid, 403 Forbidden. An update that changes nothing writes nothing. */
  async update(
    target: Target,
    change: Change,
    caller: Caller,
    options: UpdateOptions = {},
  ): Promise<KubernetesObject> {
    for (let attempt = 1; ; attempt++) {
      const current = this.find(target) as Working | undefined;
      if (!current) {
        const { createMissing } = options;
        if (!createMissing) throw notFound(target.resource, target.name);
        return this.create(target, createMissing(), caller, options);
      }
      const next = change(current);
      const pinned = (next.metadata.resourceVersion ?? '') !== '' && options.verb === 'update';
      const done = await this.tryUpdate(target, current, next, caller, options);
      if (done) return done;
      if (pinned || attempt === MAX_ATTEMPTS) throw conflict(target.resource, target.name);
    }
  }

  /** Replaces the object by `object`, which is handed over; makes it where the resource allows that. */
  replace(target: Target, object: Working, caller: Caller, scope?: Scope): Promise<KubernetesObject> {
    return this.update(
      target,
      (current) => {
        if ((object.metadata.resourceVersion ?? '') === '' && !allowsUnconditionalUpdate(target.resource)) {
          throw unspecifiedVersion(target.resource, current);
        }
        return object;
      },
      caller,
      {
        verb: 'update',
        ...(scope && { scope }),
        ...(!scope && isCreatedByUpdate(target.resource) && { createMissing: () => object }),
      },
    );
  }

  /**
   * Deletes at once, or marks the object as being deleted when its finalizers, its dependents or its grace period come
   * first. `gone` says which; `object` is the last or the marked state.
   */
  async delete(
    target: Target,
    options: DeletionOptions,
    caller: Caller,
    verb: 'delete' | 'deletecollection' = 'delete',
  ): Promise<{ object: KubernetesObject; gone: boolean }> {
    const { resource } = target;
    const context: WriteContext = { core: this.core, caller, namespace: target.namespace };
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const current = this.get(target) as Working;
      checkPreconditions(resource, current, options.preconditions ?? {});
      const request = this.admissionRequest('DELETE', target, current, current, caller);
      const validated = runAdmission(this.plugins, 'validate', request);
      if (validated) {
        await validated;
        if (this.find(target) !== current) continue;
      }
      const marked = planDeletion(resource, strategyOf(resource), current, options, this.core.clock);
      if (marked === 'leave') return { object: current, gone: false };
      if (marked === 'remove') {
        return {
          object: this.commit(
            'DELETED',
            resource,
            { ...current, metadata: { ...current.metadata } },
            current,
            context,
            verb,
          ),
          gone: true,
        };
      }
      shareUnchanged(current, marked);
      return { object: this.commit('MODIFIED', resource, marked, current, context, verb), gone: false };
    }
    throw conflict(resource, target.name);
  }

  private async tryUpdate(
    target: Target,
    current: Working,
    proposed: Working,
    caller: Caller,
    options: UpdateOptions,
  ): Promise<KubernetesObject | undefined> {
    const { resource, namespace } = target;
    const { scope = 'object', verb = 'update' } = options;
    const context: WriteContext = { core: this.core, caller, namespace };
    const strategy = strategyOf(resource);
    checkPreconditions(resource, current, proposed.metadata);
    const next = takeScope(scope, resource, current, proposed);
    keepServerMetadata(next, current);
    if (scope === 'object') applyDefaults(next);
    const request = this.admissionRequest('UPDATE', target, next, current, caller, scope);
    const mutated = runAdmission(this.plugins, 'mutate', request);
    if (mutated) await mutated;
    if (scope === 'status') strategy.prepareForStatusUpdate?.(next, current, context);
    else strategy.prepareForUpdate?.(next, current, context);
    if (shareUnchanged(current, next) === current) return current;
    this.refuse(resource, next, [
      ...changeProblems(scope, next, current, resource),
      ...(strategy.validate?.(next, current, context) ?? []),
    ]);
    const validated = runAdmission(this.plugins, 'validate', request);
    if (validated) await validated;
    if (this.find(target) !== current) return undefined;
    const final = this.finish(next, current, context, resource, scope);
    if (!options.managesFields) {
      const now = timestamp(this.core.clock);
      setManagedFields(final, entriesAfter(current, final, resource, caller, now, scope));
    }
    if (readyToGo(strategy, final))
      return this.commit('DELETED', resource, final, current, context, 'delete');
    const recorded = scope === 'object' ? verb : `${verb}/${scope}`;
    return this.commit('MODIFIED', resource, final, current, context, recorded);
  }

  /** The accepted next state with what it allocates and its generation. Shares with `current` what it does not change. */
  private finish(
    next: Working,
    current: Working,
    context: WriteContext,
    resource: ServedResource,
    scope: Scope,
  ): Working {
    const { allocate } = strategyOf(resource);
    let final = next;
    if (allocate) {
      final = cloneJson(next);
      allocate(final, current, context);
      shareUnchanged(current, final);
    }
    final.metadata = { ...final.metadata };
    bumpGeneration(resource, final, current, scope);
    return final;
  }

  private commit(
    type: 'ADDED' | 'MODIFIED' | 'DELETED',
    resource: ServedResource,
    object: Working,
    previous: Working | undefined,
    { core, caller }: WriteContext,
    verb: string,
  ): KubernetesObject {
    const strategy = strategyOf(resource);
    if (caller.dryRun) {
      // What was allocated for it is given back.
      if (previous) strategy.afterCommit?.(previous, object, core);
      else strategy.afterDelete?.(object, core);
      return object;
    }
    const origin: Origin = {
      user: caller.user.name,
      groups: caller.user.groups,
      verb,
      timeMs: core.clock.now(),
    };
    const stored = toStored(resource, object);
    core.store.commit({ type, resource: storageOf(resource) as ResourceName, object: stored, origin });
    const committed = fromStored(resource, stored) as Working;
    if (type === 'DELETED') strategy.afterDelete?.(committed, core);
    else strategy.afterCommit?.(committed, previous, core);
    return committed;
  }

  private admissionRequest(
    operation: AdmissionRequest['operation'],
    { resource, namespace }: Omit<Target, 'name'>,
    object: Working,
    previous: Working | undefined,
    caller: Caller,
    scope: Scope = 'object',
  ): AdmissionRequest {
    const subresource = scope === 'object' ? undefined : scope;
    const { name } = object.metadata;
    return { operation, resource, subresource, namespace, name, object, previous, caller, core: this.core };
  }

  private refuse(resource: ServedResource, object: Working, causes: StatusCause[]): void {
    if (causes.length > 0) throw invalid(resource.kind, resource.group, object.metadata.name ?? '', causes);
  }
}
