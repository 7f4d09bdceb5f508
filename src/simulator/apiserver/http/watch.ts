import type { ServerResponse } from 'node:http';
import type { KubernetesObject } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import type { Commit } from '../../storage/commit.js';
import { ApiError } from '../api-error.js';
import { fromStored, storageOf } from '../conversion/storage-version.js';
import type { Registry } from '../registry.js';
import { readRevision, refuseOptions } from './list.js';
import type { Renderer } from './render.js';
import { isTrue } from './request-info.js';
import type { Selection } from './selection.js';
import { serialize } from './serialize.js';

/** What a reader may leave unread before it is cut off; it can start again from its last revision. */
const MAX_BUFFERED_BYTES = 2 * 2 ** 20;
const BOOKMARK_EVERY_MS = 60_000;
/** Source: minRequestTimeout of k8s.io/apiserver; the real one ends at a random time up to twice that. */
const MIN_TIMEOUT_MS = 30 * 60_000;
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

export interface WatchRequest {
  resource: ServedResource;
  namespace: string | undefined;
  query: URLSearchParams;
  selection: Selection;
  renderer: Renderer;
}

/** Where the frames of a watch go: the body of an HTTP response or the messages of a websocket. */
export interface WatchSink {
  /** Takes one JSON text; false when the reader has fallen too far behind. */
  send(frame: Buffer): boolean;
  /** Ends the stream in good order. */
  end(): void;
  /** Cuts it off. */
  destroy(): void;
  onClose(listener: () => void): void;
}

/** Frames that are the same for all watchers of a resource are encoded once. */
const frames = new WeakMap<KubernetesObject, { type: string; frame: Buffer }>();

/** Newline-separated JSON in a chunked response. */
export function responseSink(response: ServerResponse): WatchSink {
  return {
    send(frame) {
      response.write(frame);
      return response.writableLength <= MAX_BUFFERED_BYTES;
    },
    end: () => response.end(),
    destroy: () => response.destroy(),
    onClose: (listener) => response.once('close', listener),
  };
}

/**
 * Sends every change of the selected objects, from the revision that is asked for or with the present state first, until
 * the time is up or the reader goes. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 * Throws before anything is sent when the options are wrong; a revision that is not kept any more is an ERROR event.
 */
export function startWatch(registry: Registry, request: WatchRequest, openSink: () => WatchSink): void {
  const options = readWatchOptions(request.query);
  const sink = openSink();
  const watch = new Watch(registry, request, sink, options.bookmarks);
  watch.start(options);
}

interface WatchOptions {
  from: number | undefined;
  initialEvents: boolean | undefined;
  bookmarks: boolean;
  timeoutMs: number;
}

function readWatchOptions(query: URLSearchParams): WatchOptions {
  const initial = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  if (initial === null && match !== '') {
    throw refuseOptions(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (initial !== null && match !== 'NotOlderThan') {
    throw refuseOptions(
      'resourceVersionMatch',
      'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  return {
    from: readRevision(query),
    initialEvents: initial === null ? undefined : isTrue(initial),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    timeoutMs: seconds > 0 ? Math.min(seconds * 1000, 2 ** 31 - 1) : MIN_TIMEOUT_MS * (1 + Math.random()),
  };
}

class Watch {
  private first = true;
  private ended = false;

  constructor(
    private readonly registry: Registry,
    private readonly request: WatchRequest,
    private readonly sink: WatchSink,
    private readonly bookmarks: boolean,
  ) {}

  start({ from, initialEvents, timeoutMs }: WatchOptions): void {
    const { store } = this.registry.core;
    const withState = initialEvents ?? (from === undefined || from === 0);
    if (withState) this.sendState(initialEvents === true);
    else if (!this.sendSince(from ?? store.revision)) return;
    if (this.ended) return;
    const unsubscribe = store.subscribe(storageOf(this.request.resource), (commit) => this.pass(commit));
    const timeout = setTimeout(() => this.end(), timeoutMs).unref();
    const bookmark = this.bookmarks
      ? setInterval(
          () => this.send('BOOKMARK', this.request.renderer.bookmark(store.revision)),
          BOOKMARK_EVERY_MS,
        ).unref()
      : undefined;
    this.sink.onClose(() => {
      this.ended = true;
      unsubscribe();
      clearTimeout(timeout);
      clearInterval(bookmark);
    });
  }

  private sendState(closing: boolean): void {
    const { registry, request } = this;
    for (const object of registry.list(request.resource, request.namespace)) {
      if (request.selection.matches(object)) this.sendObject('ADDED', object);
    }
    if (closing && this.bookmarks) {
      this.send('BOOKMARK', request.renderer.bookmark(registry.core.store.revision, INITIAL_EVENTS_END));
    }
  }

  /** False when the changes since then are not all kept. */
  private sendSince(revision: number): boolean {
    const { store } = this.registry.core;
    const commits = store.since(storageOf(this.request.resource), revision);
    if (commits) {
      for (const commit of commits) this.pass(commit);
      return true;
    }
    const expired = new ApiError(410, 'Expired', `too old resource version: ${revision} (${store.revision})`);
    this.send('ERROR', JSON.stringify(expired.toStatus()));
    this.end();
    return false;
  }

  /** An object that a change brings into the selection is ADDED to it, one that leaves it is DELETED. */
  private pass({ type, object, previous }: Commit): void {
    const { namespace, selection } = this.request;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return;
    if (this.ended) return;
    const now = this.served(object);
    if (selection.everything) {
      this.sendObject(type, now);
      return;
    }
    const before = previous !== undefined && type !== 'ADDED' && selection.matches(this.served(previous));
    const after = type !== 'DELETED' && selection.matches(now);
    if (before && after) this.sendObject('MODIFIED', now);
    else if (after) this.sendObject('ADDED', now);
    else if (before) this.sendObject('DELETED', type === 'DELETED' ? now : this.leaving(previous, now));
  }

  /** What went out of the selection, as it was in it, at the revision at which it left. */
  private leaving(previous: KubernetesObject, { metadata }: KubernetesObject): KubernetesObject {
    const last = this.served(previous);
    return { ...last, metadata: { ...last.metadata, resourceVersion: metadata.resourceVersion } };
  }

  private served(object: KubernetesObject): KubernetesObject {
    return fromStored(this.request.resource, object);
  }

  private sendObject(type: string, object: KubernetesObject): void {
    const { renderer } = this.request;
    if (!renderer.shared) {
      this.send(type, renderer.watched(object, this.first));
      return;
    }
    const known = frames.get(object);
    if (known?.type === type) {
      this.sendFrame(known.frame);
      return;
    }
    const frame = encodeFrame(type, serialize(object));
    frames.set(object, { type, frame });
    // Kept for as long as this change is being passed on, not for the life of the object.
    setImmediate(() => frames.delete(object));
    this.sendFrame(frame);
  }

  private send(type: string, json: string): void {
    this.sendFrame(encodeFrame(type, json));
  }

  private sendFrame(frame: Buffer): void {
    if (this.ended) return;
    this.first = false;
    if (this.sink.send(frame)) return;
    this.ended = true;
    this.sink.destroy();
  }

  private end(): void {
    this.ended = true;
    this.sink.end();
  }
}

function encodeFrame(type: string, json: string): Buffer {
  return Buffer.from(`{"type":"${type}","object":${json}}\n`);
}
