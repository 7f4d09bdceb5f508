import type { Scale } from '../../api/autoscaling-v1.generated.js';
import { cloneJson, getPath, isObject, type JsonObject } from '../../machinery/json.js';
import { formatLabelSelector, selectorFrom } from '../../machinery/label-selector.js';
import type { KubernetesObject } from '../../object.js';
import { decodeValue } from '../../schema/decode-json.js';
import type { ServedResource } from '../../schema/resources.js';
import { typeNameOf } from '../../schema/types.js';
import { invalid } from '../api-error.js';
import type { Caller } from '../caller.js';
import { readFieldValidation } from '../field-validation.js';
import { decodeBody } from '../http/decode-body.js';
import { requireSameName, targetOf } from '../http/object-io.js';
import { readBody } from '../http/read-body.js';
import { readPatch } from '../http/read-patch.js';
import type { ResourceRequest } from '../http/resource-request.js';
import { sendText } from '../http/respond.js';
import { checkPreconditions } from '../object-meta.js';
import { patchObject } from '../patch.js';
import type { Registry, Target } from '../registry.js';
import type { Working } from '../strategies/strategy.js';

const SCALE = { apiVersion: 'autoscaling/v1', kind: 'Scale' };

/** Where a resource keeps what its Scale shows; built-in ones all alike, custom ones as their definition says. */
interface ScalePaths {
  spec: string[];
  status: string[];
  selector: string[] | undefined;
}

function pathsOf({ definition }: ServedResource): ScalePaths {
  const scale = definition?.subresources?.scale;
  const split = (path: string) => path.replace(/^\./, '').split('.');
  if (!scale) return { spec: ['spec', 'replicas'], status: ['status', 'replicas'], selector: undefined };
  return {
    spec: split(scale.specReplicasPath),
    status: split(scale.statusReplicasPath),
    selector: scale.labelSelectorPath === undefined ? undefined : split(scale.labelSelectorPath),
  };
}

/** The Scale of an object; https://kubernetes.io/docs/reference/kubernetes-api/autoscaling-resources/scale-v1/ */
export function scaleOf(resource: ServedResource, object: KubernetesObject): Scale {
  const paths = pathsOf(resource);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(resource, object, paths);
  return {
    ...SCALE,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(getPath(object, ...paths.spec) ?? 0) },
    status: { replicas: Number(getPath(object, ...paths.status) ?? 0), ...(selector !== '' && { selector }) },
  };
}

function selectorText(resource: ServedResource, object: KubernetesObject, { selector }: ScalePaths): string {
  if (resource.custom) return selector === undefined ? '' : String(getPath(object, ...selector) ?? '');
  const value = getPath(object, 'spec', 'selector');
  if (!isObject(value)) return '';
  const plain = resource.name === 'replicationcontrollers';
  return formatLabelSelector(selectorFrom(plain ? { matchLabels: value as Record<string, string> } : value));
}

/** GET, PUT and PATCH of `…/scale`. */
export async function serveScale(request: ResourceRequest): Promise<void> {
  const { registry, resource, info, caller } = request;
  const target = targetOf(request);
  if (info.verb === 'get') return sendScale(request, registry.get(target));
  if (info.verb === 'patch') {
    const { type, patch } = await readPatch(request);
    const scaled = await rescale(registry, target, caller, (current) =>
      decodeScale(patchObject(type, scaleOf(resource, current) as unknown as Working, patch)),
    );
    return sendScale(request, scaled);
  }
  const body = await readBody(request.request);
  const contentType = request.request.headers['content-type'];
  const scale = decodeBody(body, contentType, SCALE, readFieldValidation(info.query), caller.warn);
  requireSameName(scale as Working, target);
  await sendScale(request, await rescale(registry, target, caller, () => scale as unknown as Scale));
}

const decodeScale = (value: JsonObject) =>
  decodeValue(value, typeNameOf(SCALE.apiVersion, SCALE.kind)).value as unknown as Scale;

/** Writes the replicas that `decide` wants. Throws 409 when its Scale is of another version. */
export function rescale(
  registry: Registry,
  target: Target,
  caller: Caller,
  decide: (current: Working) => Scale,
): Promise<KubernetesObject> {
  const change = (current: Working): Working => {
    const { spec, metadata } = decide(current);
    checkPreconditions(target.resource, current, metadata ?? {});
    const replicas = spec?.replicas ?? 0;
    if (replicas < 0) {
      const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
      throw invalid('Scale', 'autoscaling', target.name, [
        { reason: 'FieldValueInvalid', message, field: 'spec.replicas' },
      ]);
    }
    const next = cloneJson(current);
    setPath(next, pathsOf(target.resource).spec, replicas);
    return next;
  };
  return registry.update(target, change, caller, { scope: 'scale', verb: 'update' });
}

function setPath(object: JsonObject, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    object[key] = value;
    return;
  }
  if (!isObject(object[key])) object[key] = {};
  setPath(object[key] as JsonObject, rest, value);
}

async function sendScale(request: ResourceRequest, object: KubernetesObject): Promise<void> {
  await sendText(request, 200, JSON.stringify(scaleOf(request.resource, object)));
}
