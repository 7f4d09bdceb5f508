import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServedResource } from '../../schema/resources.js';
import { ApiError, badRequest } from '../api-error.js';
import { authenticate } from '../authentication.js';
import { type Attributes, type Authorizer, forbiddenFor } from '../authorization.js';
import type { Caller, UserInfo } from '../caller.js';
import { impersonate } from '../impersonation.js';
import type { Registry } from '../registry.js';
import { deprecationOf } from './deprecations.js';
import type { RequestHandler } from './http-server.js';
import type { NonResourceEndpoint } from './non-resource.js';
import { parseRequest, type RequestInfo, type ResourcePath } from './request-info.js';
import type { PodStreams } from './resource-request.js';
import { type Exchange, sendBytes, sendError } from './respond.js';
import { selectedName } from './selection.js';
import { serveResource } from './serve-resource.js';
import { serveSubresource } from './serve-subresource.js';

export interface ApiHandlerParts {
  registry: Registry;
  authorizer: Authorizer;
  /** Everything that is no resource: discovery, health, version, OpenAPI. */
  endpoint: NonResourceEndpoint;
  streams?: PodStreams | undefined;
}

const nothingHere = () =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
const notAllowed = () =>
  new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );

/** What is not even a path is answered in plain text, from which clients make a sentence that names the resource. */
class NoSuchPath extends Error {}

/** From the first byte of a request to the last of its answer: who asks, for what, may they, and the answer. */
export class ApiHandler implements RequestHandler {
  constructor(private readonly parts: ApiHandlerParts) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange: Exchange = { request, response, warnings: [] };
    try {
      await this.serve(exchange);
    } catch (error) {
      if (error instanceof NoSuchPath) {
        response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
        return;
      }
      await sendError(exchange, error).catch(() => response.destroy());
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const { streams } = this.parts;
      const { info, user } = await this.identify(request);
      const found = info.resource && this.findResource(info.resource);
      if (!streams || !info.resource || !found) throw nothingHere();
      const caller = callerOf(request, info, user, []);
      const served = await streams.upgrade(
        { ...this.parts, request, info, path: info.resource, resource: found, caller },
        socket,
        head,
      );
      if (!served) throw badRequest('you must specify a stream that can be upgraded');
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  }

  private async serve(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const { info, user } = await this.identify(request);
    if (!info.resource) return this.serveNonResource(exchange, info);
    const resource = this.findResource(info.resource);
    // Discovery documents have paths that look like resources of groups that are not there.
    if (!resource) throw new NoSuchPath();
    const { path, resourceRequest } = this.resourceRequest(exchange, info, info.resource, resource, user);
    if (path.subresource === undefined) {
      if (!resource.verbs.includes(info.verb) || !namesWhatItMust(info.verb, path)) throw notAllowed();
      return serveResource(resourceRequest);
    }
    const subresource = resource.subresources[path.subresource];
    if (!subresource) throw nothingHere();
    if (!subresource.verbs.includes(info.verb)) throw notAllowed();
    if (await this.parts.streams?.serve(resourceRequest)) return;
    return serveSubresource(resourceRequest);
  }

  private resourceRequest(
    exchange: Exchange,
    info: RequestInfo,
    path: ResourcePath,
    resource: ServedResource,
    user: UserInfo,
  ) {
    const caller = callerOf(exchange.request, info, user, exchange.warnings);
    const { registry, authorizer } = this.parts;
    if (path.namespace !== undefined && !resource.namespaced) throw nothingHere();
    if (path.namespace === undefined && resource.namespaced && path.name !== undefined) throw nothingHere();
    const deprecation = deprecationOf(resource);
    if (deprecation !== undefined) caller.warn(deprecation);
    return { path, resourceRequest: { ...exchange, registry, authorizer, info, path, resource, caller } };
  }

  /** Authentication, impersonation and authorization. */
  private async identify(request: IncomingMessage): Promise<{ info: RequestInfo; user: UserInfo }> {
    const info = parseRequest(request.method ?? 'GET', request.url ?? '/');
    if (!info) throw badRequest('the path of the request is not well formed');
    const { registry, authorizer } = this.parts;
    const authenticated = authenticate(request, registry.core.tokens);
    const sender = authenticated instanceof Promise ? await authenticated : authenticated;
    const user = impersonate(sender, request.headers, authorizer);
    const attributes = attributesOf(info);
    if (!authorizer.allows(user, attributes)) throw forbiddenFor(user, attributes);
    return { info, user };
  }

  private findResource({ apiVersion, plural }: ResourcePath): ServedResource | undefined {
    return this.parts.registry.core.catalogue.find(apiVersion, plural);
  }

  private async serveNonResource(exchange: Exchange, info: RequestInfo): Promise<void> {
    const { request, response } = exchange;
    const answer = this.parts.endpoint(request, info);
    if (!answer) throw new NoSuchPath();
    if (info.method !== 'GET' && info.method !== 'HEAD') throw notAllowed();
    if (answer.etag !== undefined) {
      response.setHeader('ETag', answer.etag);
      response.setHeader('Vary', 'Accept');
      if (request.headers['if-none-match'] === answer.etag) {
        response.writeHead(304).end();
        return;
      }
    }
    await sendBytes(exchange, answer.code ?? 200, answer.contentType, answer.body, answer);
  }
}

/** One object is updated and patched by its name, and a new one is sent to the collection. */
function namesWhatItMust(verb: string, { name }: ResourcePath): boolean {
  if (verb === 'update' || verb === 'patch') return name !== undefined;
  return verb !== 'create' || name === undefined;
}

export function attributesOf({ verb, path, resource, query }: RequestInfo): Attributes {
  if (!resource) return { verb, group: '', resource: '', path };
  const { group, version, plural, subresource, namespace, name } = resource;
  const selected = name ?? (verb === 'list' || verb === 'watch' ? selectedName(query) : undefined);
  // Streams of a pod are `create`d whatever the method: https://kubernetes.io/docs/reference/access-authn-authz/authorization/
  return {
    verb,
    group,
    version,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    namespace: namespace ?? (plural === 'namespaces' && group === '' ? name : undefined),
    name: selected,
  };
}

function callerOf(request: IncomingMessage, info: RequestInfo, user: UserInfo, warnings: string[]): Caller {
  const { query } = info;
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All' && value !== '')) {
    throw new ApiError(
      422,
      'Invalid',
      `CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`,
      { group: 'meta.k8s.io', kind: 'CreateOptions' },
    );
  }
  const agent = request.headers['user-agent'] ?? 'unknown';
  return {
    user,
    fieldManager: query.get('fieldManager') || (agent.split('/', 1)[0] ?? agent).slice(0, 128) || 'unknown',
    dryRun: dryRun.includes('All'),
    warn: (message) => warnings.push(message),
  };
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const known =
    error instanceof ApiError ? error : new ApiError(500, 'InternalError', 'Internal error occurred');
  const body = JSON.stringify(known.toStatus());
  socket.end(
    `HTTP/1.1 ${known.code} ${known.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
