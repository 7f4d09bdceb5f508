import type { Binding, Pod } from '../../api/core-v1.generated.js';
import { timestamp } from '../../clock/clock.js';
import { cloneJson } from '../../machinery/json.js';
import { conflict } from '../api-error.js';
import type { Caller } from '../caller.js';
import { readFieldValidation } from '../field-validation.js';
import { decodeBody } from '../http/decode-body.js';
import { targetOf } from '../http/object-io.js';
import { readBody } from '../http/read-body.js';
import type { ResourceRequest } from '../http/resource-request.js';
import { sendText } from '../http/respond.js';
import type { Registry, Target } from '../registry.js';
import type { Working } from '../strategies/strategy.js';

const CREATED = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
});

/** `POST pods/NAME/binding`: what a scheduler decides. */
export async function bindPod(request: ResourceRequest): Promise<void> {
  const { caller, info, registry } = request;
  const body = await readBody(request.request);
  const expected = { apiVersion: 'v1', kind: 'Binding' };
  const contentType = request.request.headers['content-type'];
  const binding = decodeBody(body, contentType, expected, readFieldValidation(info.query), caller.warn);
  await bind(registry, targetOf(request), binding as unknown as Binding, caller);
  await sendText(request, 201, CREATED);
}

/** Puts a pod on a node; throws 409 when it is on one already or going. */
export async function bind(
  registry: Registry,
  target: Target,
  { target: node, metadata }: Binding,
  caller: Caller,
): Promise<void> {
  const nodeName = node.name ?? '';
  const change = (current: Working): Working => {
    const next = cloneJson(current);
    const { spec, status, metadata: meta } = next as unknown as Pod;
    const refuse = (why: string) => conflict({ plural: 'pods/binding', group: '' }, target.name, why);
    if (meta.deletionTimestamp !== undefined)
      throw refuse(`pod ${target.name} is being deleted, cannot be assigned to a host`);
    if (!spec) return next;
    if (spec.nodeName) throw refuse(`pod ${target.name} is already assigned to node "${spec.nodeName}"`);
    if (metadata?.uid && metadata.uid !== meta.uid) {
      throw refuse(
        `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${meta.uid}`,
      );
    }
    spec.nodeName = nodeName;
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(registry.core.clock),
      observedGeneration: meta.generation,
    };
    const others = (status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
    next['status'] = { ...status, conditions: [...others, scheduled] };
    if (metadata?.annotations) meta.annotations = { ...meta.annotations, ...metadata.annotations };
    return next;
  };
  await registry.update(target, change, caller, { scope: 'binding', verb: 'update' });
}
