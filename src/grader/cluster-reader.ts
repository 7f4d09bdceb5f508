import { z } from 'zod';
import type { ClusterConnection } from '../common/cluster-connection.js';
import { ClusterHttp } from './cluster-http.js';
import { ClusterReadError } from './cluster-read-error.js';
import { Discovery, objectPath } from './discovery.js';

/** Names one object, or all of a kind in a namespace when `name` is absent. */
export interface ObjectReference {
  apiVersion: string;
  kind: string;
  /** For namespaced kinds `default` when absent, as in kubectl; `*` lists all namespaces. */
  namespace?: string;
  name?: string;
}

/**
 * How the grader looks at a cluster, with a credential of its own. A kind that the cluster does not serve has no objects.
 * Rejects with ClusterReadError when it could not look; that is never a fault of the learner.
 */
export interface ClusterReader {
  /** `ref.name` is required; resolves to undefined when there is no such object. */
  get(ref: ObjectReference): Promise<object | undefined>;
  /** At most MAX_LISTED_OBJECTS objects, those with matching labels when `selector` (`app=web,tier!=db`) is given. */
  list(ref: ObjectReference, selector?: string): Promise<object[]>;
}

/** More than this many objects in one list is a ClusterReadError: no check is about that many. */
export const MAX_LISTED_OBJECTS = 500;

const anObject = z.looseObject({});
const aList = z.object({
  apiVersion: z.string(),
  items: z.array(anObject),
  metadata: z.object({ continue: z.string().optional() }).optional(),
});

/** A reader that holds connections; `close` lets them go. */
export type ConnectedClusterReader = ClusterReader & { close(): void };

/** Reads one cluster over HTTP as the identity of `connection`. Each read is a request: nothing is cached but discovery. */
export function createClusterReader(connection: ClusterConnection): ConnectedClusterReader {
  const http = new ClusterHttp(connection);
  const discovery = new Discovery(http);

  const read = async (path: string): Promise<unknown> => {
    const { status, body } = await http.request({ method: 'GET', path });
    if (status === 404) return undefined;
    if (status !== 200) throw new ClusterReadError(`the cluster answered ${status}${reasonOf(body)}`);
    return body;
  };

  const get = async (ref: ObjectReference): Promise<object | undefined> => {
    const kind = await discovery.find(ref.apiVersion, ref.kind);
    if (!kind || ref.name === undefined) return undefined;
    const body = await read(objectPath(kind, ref.namespace, ref.name));
    return body === undefined ? undefined : parseAnswer(anObject, body);
  };

  const list = async (ref: ObjectReference, selector?: string): Promise<object[]> => {
    const kind = await discovery.find(ref.apiVersion, ref.kind);
    if (!kind) return [];
    const query = new URLSearchParams({ limit: String(MAX_LISTED_OBJECTS) });
    if (selector !== undefined) query.set('labelSelector', selector);
    const body = await read(`${objectPath(kind, ref.namespace)}?${query}`);
    if (body === undefined) return [];
    const { items, metadata } = parseAnswer(aList, body);
    if (metadata?.continue || items.length > MAX_LISTED_OBJECTS)
      throw new ClusterReadError(`there are more than ${MAX_LISTED_OBJECTS} objects of kind ${ref.kind}`);
    return items.map((item) => ({ apiVersion: ref.apiVersion, kind: ref.kind, ...item }));
  };

  return {
    get: (ref) => explainFailure(get(ref)),
    list: (ref, selector) => explainFailure(list(ref, selector)),
    close: () => http.close(),
  };
}

/** Network errors in words for a learner; the original is the cause. */
async function explainFailure<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ClusterReadError) throw error;
    const timedOut = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
    throw new ClusterReadError(
      timedOut ? 'the cluster did not answer in time' : 'the cluster could not be reached',
      { cause: error },
    );
  }
}

function parseAnswer<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success)
    throw new ClusterReadError('the cluster answered something that is no Kubernetes object');
  return parsed.data;
}

const status = z.object({ message: z.string() });

function reasonOf(body: unknown): string {
  const parsed = status.safeParse(body);
  return parsed.success ? ` (${parsed.data.message.slice(0, 200)})` : '';
}
