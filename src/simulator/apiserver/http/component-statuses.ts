import type { KubernetesObject } from '../../object.js';
import { notFound } from '../api-error.js';
import { negotiate } from './negotiate.js';
import { Renderer } from './render.js';
import type { ResourceRequest } from './resource-request.js';
import { sendText } from './respond.js';

const COMPONENTS = [
  ['controller-manager', 'ok'],
  ['scheduler', 'ok'],
  ['etcd-0', 'ok'],
] as const;

/** What kubectl still asks for, though deprecated since 1.19: all parts live in this process, so all are healthy. */
export async function componentStatuses(request: ResourceRequest): Promise<void> {
  const { resource, path, info, registry } = request;
  const format = negotiate(request.request.headers.accept);
  const renderer = new Renderer(resource, format, info.query, () => registry.core.clock.now());
  const objects = COMPONENTS.map(([name, message]) => describe(name, message));
  if (path.name === undefined) return sendText(request, 200, renderer.list(objects, {}), format.media);
  const object = objects.find(({ metadata }) => metadata.name === path.name);
  if (!object) throw notFound(resource, path.name);
  await sendText(request, 200, renderer.one(object), format.media);
}

function describe(name: string, message: string): KubernetesObject {
  const conditions = [{ type: 'Healthy', status: 'True', message }];
  const metadata = { name } as KubernetesObject['metadata'];
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata, conditions } as KubernetesObject;
}
