import type { Event } from '../api/core-v1.generated.js';
import type { EventNote } from '../client.js';
import { timestamp } from '../clock/clock.js';
import { cloneJson } from '../machinery/json.js';
import type { Caller } from './caller.js';
import type { Registry } from './registry.js';
import type { Working } from './strategies/strategy.js';

/** Remembered at most this many distinct events, as client-go's correlator does. */
const REMEMBERED = 4096;

/** Writes Events, and counts one that is repeated up instead of writing it again, as client-go does. */
export class EventRecorder {
  /** Names of Events by what makes them the same. */
  private readonly names = new Map<string, string>();

  constructor(
    private readonly registry: Registry,
    private readonly caller: Caller,
  ) {}

  /** Best effort: what cannot be written is lost. */
  record(note: EventNote): void {
    void this.write(note).catch(() => undefined);
  }

  private async write(note: EventNote): Promise<void> {
    const { registry, caller } = this;
    const { clock, store, catalogue } = registry.core;
    const resource = catalogue.named('events');
    if (!resource) return;
    const { metadata } = note.about;
    const namespace = metadata.namespace ?? 'default';
    const component = note.source ?? sourceOf(caller.user.name);
    const key = [metadata.uid, note.fieldPath, note.type, note.reason, note.message, component].join('\0');
    const known = this.names.get(key);
    if (known !== undefined && store.get('events', namespace, known)) {
      const countUp = (current: Working): Working => {
        const next = cloneJson(current) as unknown as Event;
        next.count = (next.count ?? 1) + 1;
        next.lastTimestamp = timestamp(clock);
        return next as unknown as Working;
      };
      await registry.update({ resource, namespace, name: known }, countUp, caller, { verb: 'patch' });
      return;
    }
    // client-go names events after the nanosecond: unique, and in order.
    const name = `${metadata.name}.${(BigInt(Math.floor(clock.now() * 1000)) * 1000n + BigInt(this.names.size % 1000)).toString(16)}`;
    if (this.names.size >= REMEMBERED) this.names.clear();
    this.names.set(key, name);
    await registry.create({ resource, namespace }, this.compose(note, namespace, name, component), caller);
  }

  private compose(note: EventNote, namespace: string, name: string, component: string): Working {
    const { about, type, reason, message, fieldPath } = note;
    const now = timestamp(this.registry.core.clock);
    const { namespace: ownNamespace, name: ownName, uid, resourceVersion } = about.metadata;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: ownName,
        ...(ownNamespace !== undefined && { namespace: ownNamespace }),
        uid,
        resourceVersion,
        ...(fieldPath !== undefined && { fieldPath }),
      },
      type,
      reason,
      message,
      source: { component, ...hostOf(this.caller.user.name) },
      reportingComponent: component,
      reportingInstance: hostOf(this.caller.user.name)?.host ?? '',
      firstTimestamp: now,
      lastTimestamp: now,
      eventTime: null,
      count: 1,
    };
    return event as unknown as Working;
  }
}

/** `system:serviceaccount:kube-system:job-controller` reports as `job-controller`, a node as its `kubelet`. */
function sourceOf(user: string): string {
  if (user.startsWith('system:node:')) return 'kubelet';
  const last = user.slice(user.lastIndexOf(':') + 1);
  return last === 'kube-scheduler' ? 'default-scheduler' : last;
}

const hostOf = (user: string) =>
  user.startsWith('system:node:') ? { host: user.slice('system:node:'.length) } : undefined;
