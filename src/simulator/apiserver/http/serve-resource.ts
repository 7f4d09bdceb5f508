import { decodeValue } from '../../schema/decode-json.js';
import { ApiError, badRequest, type Status } from '../api-error.js';
import type { DeletionOptions } from '../deletion.js';
import { serveReview } from '../reviews/serve-review.js';
import type { Working } from '../strategies/strategy.js';
import { answersWithDeletedObject } from '../strategies/traits.js';
import { componentStatuses } from './component-statuses.js';
import { decodeBody } from './decode-body.js';
import { readList } from './list.js';
import { negotiate } from './negotiate.js';
import {
  readObject,
  rendererOf,
  requireNamespace,
  requireSameName,
  sendObject,
  targetOf,
} from './object-io.js';
import { applyPatchRequest } from './patch-request.js';
import { readBody } from './read-body.js';
import type { ResourceRequest } from './resource-request.js';
import { sendText } from './respond.js';
import { readSelection } from './selection.js';
import { responseSink, startWatch } from './watch.js';

type Serve = (request: ResourceRequest) => Promise<void> | void;

const BY_VERB: Record<string, Serve> = {
  get: getObject,
  list: listObjects,
  watch: watchObjects,
  create: createObject,
  update: updateObject,
  patch: applyPatchRequest,
  delete: deleteObject,
  deletecollection: deleteCollection,
};

/** Answers a request for objects of a resource, by its verb. */
export async function serveResource(request: ResourceRequest): Promise<void> {
  if (request.resource.name === 'componentstatuses') return componentStatuses(request);
  if (await serveReview(request)) return;
  await BY_VERB[request.info.verb]?.(request);
}

async function getObject(request: ResourceRequest): Promise<void> {
  await sendObject(request, 200, request.registry.get(targetOf(request)) as Working);
}

async function listObjects(request: ResourceRequest): Promise<void> {
  const { registry, resource, path, info } = request;
  const renderer = rendererOf(request);
  const { objects, meta } = readList(registry, resource, path.namespace, info.query);
  await sendText(request, 200, renderer.list(objects, meta), negotiate(request.request.headers.accept).media);
}

function watchObjects(request: ResourceRequest): void {
  const { registry, resource, path, info, response } = request;
  const selection = readSelection(resource, info.query, path.name);
  const renderer = rendererOf(request);
  startWatch(
    registry,
    { resource, namespace: path.namespace, query: info.query, selection, renderer },
    () => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
      response.flushHeaders();
      return responseSink(response);
    },
  );
}

async function createObject(request: ResourceRequest): Promise<void> {
  const { registry, resource, path, caller } = request;
  if (resource.namespaced && path.namespace === undefined) {
    throw new ApiError(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    );
  }
  const object = await readObject(request);
  requireNamespace(object, path.namespace);
  const created = await registry.create({ resource, namespace: path.namespace }, object, caller);
  await sendObject(request, 201, created as Working);
}

async function updateObject(request: ResourceRequest): Promise<void> {
  const { registry, caller } = request;
  const object = await readObject(request);
  const target = targetOf(request);
  requireSameName(object, target);
  const existed = registry.find(target) !== undefined;
  const updated = await registry.replace(target, object, caller);
  await sendObject(request, existed ? 200 : 201, updated as Working);
}

async function deleteObject(request: ResourceRequest): Promise<void> {
  const { registry, resource, caller } = request;
  const options = await readDeletionOptions(request);
  const { object, gone } = await registry.delete(targetOf(request), options, caller);
  if (!gone || answersWithDeletedObject(resource)) return sendObject(request, 200, object as Working);
  const { name, uid } = object.metadata;
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(resource.group !== '' && { group: resource.group }), kind: resource.plural, uid },
  };
  await sendText(request, 200, JSON.stringify(status));
}

async function deleteCollection(request: ResourceRequest): Promise<void> {
  const { registry, resource, path, caller, info } = request;
  const options = await readDeletionOptions(request);
  const { objects, meta } = readList(registry, resource, path.namespace, info.query);
  for (const { metadata } of objects) {
    const target = { resource, namespace: metadata.namespace, name: metadata.name };
    await registry.delete(target, options, caller, 'deletecollection').catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
    });
  }
  await sendText(request, 200, rendererOf(request).list(objects, meta));
}

const POLICIES = ['Orphan', 'Background', 'Foreground'];

/** From the body, and for clients that send none from the query. */
async function readDeletionOptions({ request, info, caller }: ResourceRequest): Promise<DeletionOptions> {
  const body = await readBody(request);
  const sent =
    body.length === 0 ? {} : decodeDeleteOptions(body, request.headers['content-type'], caller.warn);
  const { query } = info;
  const options = {
    ...(query.has('propagationPolicy') && { propagationPolicy: query.get('propagationPolicy') }),
    ...(query.has('gracePeriodSeconds') && { gracePeriodSeconds: Number(query.get('gracePeriodSeconds')) }),
    ...sent,
  } as DeletionOptions & { orphanDependents?: boolean; dryRun?: string[] };
  if (options.dryRun?.includes('All')) caller.dryRun = true;
  if (options.propagationPolicy !== undefined && !POLICIES.includes(options.propagationPolicy)) {
    throw new ApiError(
      422,
      'Invalid',
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(options.propagationPolicy)}: supported values: "Background", "Foreground", "Orphan", "nil"`,
      { group: 'meta.k8s.io', kind: 'DeleteOptions' },
    );
  }
  if (Number.isNaN(options.gracePeriodSeconds))
    throw badRequest('gracePeriodSeconds: a whole number is wanted');
  if (options.orphanDependents !== undefined) {
    options.propagationPolicy = options.orphanDependents ? 'Orphan' : 'Background';
  }
  return options;
}

function decodeDeleteOptions(
  body: Buffer,
  contentType: string | undefined,
  warn: (message: string) => void,
): object {
  try {
    return decodeBody(body, contentType, { apiVersion: 'v1', kind: 'DeleteOptions' }, 'Ignore', warn);
  } catch (error) {
    // Clients name the version of the resource's own group for these options.
    if (!(error instanceof ApiError) || error.code !== 400) throw error;
    const value: unknown = parseLoosely(body);
    return decodeValue(value as never, undefined).value;
  }
}

function parseLoosely(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw badRequest('the options of the deletion are not well formed');
  }
}
