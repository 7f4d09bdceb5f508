import { badRequest } from '../api-error.js';
import { readFieldValidation } from '../field-validation.js';
import type { Target } from '../registry.js';
import type { Working } from '../strategies/strategy.js';
import { decodeObject } from './decode-body.js';
import { negotiate } from './negotiate.js';
import { readBody } from './read-body.js';
import { Renderer } from './render.js';
import type { ResourceRequest } from './resource-request.js';
import { sendText } from './respond.js';

/** Writes the objects of a request's answer. */
export function rendererOf({ request, resource, info, registry }: ResourceRequest): Renderer {
  const format = negotiate(request.headers.accept);
  return new Renderer(resource, format, info.query, () => registry.core.clock.now());
}

export function targetOf({ resource, path }: Pick<ResourceRequest, 'resource' | 'path'>): Target {
  return { resource, namespace: path.namespace, name: path.name ?? '' };
}

/** Sends one object in the form that the client asked for. */
export function sendObject(request: ResourceRequest, code: number, object: Working): Promise<void> {
  const { media } = negotiate(request.request.headers.accept);
  return sendText(request, code, rendererOf(request).one(object), media);
}

/** The body as an object of the resource that the path names. */
export async function readObject(request: ResourceRequest): Promise<Working> {
  const { resource, info, caller } = request;
  // Refused before the body is read: an answer in no form that the client takes is no answer.
  negotiate(request.request.headers.accept);
  const body = await readBody(request.request);
  const validation = readFieldValidation(info.query);
  return decodeObject(body, request.request.headers['content-type'], resource, validation, caller.warn);
}

export function requireNamespace(object: Working, namespace: string | undefined): void {
  const named = object.metadata.namespace ?? '';
  if (named !== '' && namespace !== undefined && named !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

export function requireSameName(object: Working, { name, namespace }: Target): void {
  const named = object.metadata.name ?? '';
  if (named !== '' && named !== name) {
    throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
  }
  if (named === '')
    throw badRequest(`the name of the object (based on URL) was undeterminable: name must be provided`);
  requireNamespace(object, namespace);
}
