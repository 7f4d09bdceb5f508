import type { Client } from '../client.js';
import type { Clock } from '../clock/clock.js';
import type { KubernetesObject, ResourceName, WatchEvent } from '../object.js';
import type { OrphanIndex } from './shared/orphan-index.js';
import { type RequeueAfterMs, WorkQueue } from './work-queue.js';

/** What a controller works with. `client` writes as the controller's own service account. */
export interface ControllerContext {
  client: Client;
  clock: Clock;
  /** Pods, ReplicaSets and ControllerRevisions that no controller owns, for adoption. */
  orphans: OrphanIndex;
  /** PEM; what the root CA publisher hands out. */
  certificateAuthority: string;
}

/** Turns one watched change into keys to reconcile. */
export type Watch = (client: Client, enqueue: Enqueue) => () => void;

export interface Enqueue {
  (key: string): void;
  after(key: string, delayMs: number): void;
}

/** A controller: what it watches, and how it brings one key's objects to what their specs say. */
export interface Controller {
  watches: Watch[];
  /** Reads the current state, writes what is missing; may be called at any time, any number of times. */
  reconcile: (key: string) => Promise<RequeueAfterMs>;
  concurrency?: number;
}

/** Makes a controller of a context; every controller of this folder is one. */
export type ControllerFactory = (context: ControllerContext) => Controller;

/** Watches `resource` and enqueues the keys that `keysOf` finds in each change. */
export function onChange<T extends KubernetesObject>(
  resource: ResourceName,
  keysOf: (event: WatchEvent<T>) => Iterable<string>,
): Watch {
  return (client, enqueue) =>
    client.watch<T>(resource, (event) => {
      for (const key of keysOf(event)) enqueue(key);
    });
}

/** Runs a controller until the returned function is called. `onError` is told of failed reconciles, which come back. */
export function runController(
  controller: Controller,
  { client, clock }: Pick<ControllerContext, 'client' | 'clock'>,
  onError?: (error: unknown, key: string) => void,
): () => void {
  const queue = new WorkQueue({
    clock,
    reconcile: controller.reconcile,
    ...(controller.concurrency !== undefined && { concurrency: controller.concurrency }),
    ...(onError && { onError }),
  });
  const enqueue = Object.assign((key: string) => queue.add(key), {
    after: (key: string, delayMs: number) => queue.addAfter(key, delayMs),
  });
  const stops = controller.watches.map((watch) => watch(client, enqueue));
  return () => {
    for (const stop of stops) stop();
    queue.stop();
  };
}
