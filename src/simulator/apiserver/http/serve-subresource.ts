import { ApiError } from '../api-error.js';
import type { Scope } from '../scopes.js';
import type { Working } from '../strategies/strategy.js';
import { bindPod } from '../subresources/binding.js';
import { evictPod } from '../subresources/eviction.js';
import { serveScale } from '../subresources/scale.js';
import { requestToken } from '../subresources/token.js';
import { readObject, requireSameName, sendObject, targetOf } from './object-io.js';
import { patchScope } from './patch-request.js';
import type { ResourceRequest } from './resource-request.js';

type Serve = (request: ResourceRequest) => Promise<void>;

/** Subresources that are something else than a part of their object. */
const OWN: Record<string, Serve> = {
  binding: bindPod,
  eviction: evictPod,
  scale: serveScale,
  token: requestToken,
};

/** Those that are a part of it, written as the whole object with the rest ignored. */
const PARTS = new Set<string>(['status', 'approval', 'finalize', 'ephemeralcontainers', 'resize']);

/** Answers a request for a subresource that is no stream. */
export async function serveSubresource(request: ResourceRequest): Promise<void> {
  const { path, info, registry } = request;
  const name = path.subresource ?? '';
  const serve = OWN[name];
  if (serve) return serve(request);
  if (!PARTS.has(name)) {
    throw new ApiError(
      503,
      'ServiceUnavailable',
      `${path.plural}/${name} is not served by a simulated cluster`,
    );
  }
  const scope = name as Scope;
  if (info.verb === 'get') return sendObject(request, 200, registry.get(targetOf(request)) as Working);
  if (info.verb === 'patch') return patchScope(request, scope);
  const object = await readObject(request);
  requireSameName(object, targetOf(request));
  const updated = await registry.replace(targetOf(request), object, request.caller, scope);
  await sendObject(request, 200, updated as Working);
}
