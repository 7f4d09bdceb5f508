import { isObject, type JsonObject } from '../../machinery/json.js';
import type { Working } from '../strategies/strategy.js';
import type { Conversion } from './conversion.js';

/** What v1 has no field for travels in these annotations; https://pkg.go.dev/k8s.io/api/autoscaling/v1 */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';

const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const array = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

function parseAnnotation(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** v1 knows only this metric by itself: the pods' CPU as a share of what they request. */
function cpuUtilization(metric: JsonObject, part: 'target' | 'current'): number | undefined {
  const resource = object(metric['resource']);
  const share = object(resource[part])['averageUtilization'];
  return metric['type'] === 'Resource' && resource['name'] === 'cpu' && typeof share === 'number'
    ? share
    : undefined;
}

function split(metrics: JsonObject[], part: 'target' | 'current') {
  const cpu = metrics.find((metric) => cpuUtilization(metric, part) !== undefined);
  return { share: cpu && cpuUtilization(cpu, part), others: metrics.filter((metric) => metric !== cpu) };
}

function fromStored(stored: Working): Working {
  const { metrics, behavior, ...spec } = object(stored['spec']);
  const { currentMetrics, conditions, ...status } = object(stored['status']);
  const target = split(array(metrics), 'target');
  const current = split(array(currentMetrics), 'current');
  const annotations: Record<string, string> = { ...stored.metadata.annotations };
  if (target.others.length > 0) annotations[METRICS] = JSON.stringify(target.others);
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(behavior);
  if (current.others.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(current.others);
  if (conditions !== undefined) annotations[CONDITIONS] = JSON.stringify(conditions);
  return {
    ...stored,
    apiVersion: 'autoscaling/v1',
    metadata: { ...stored.metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...spec, ...(target.share !== undefined && { targetCPUUtilizationPercentage: target.share }) },
    status: {
      ...status,
      ...(current.share !== undefined && { currentCPUUtilizationPercentage: current.share }),
    },
  };
}

function cpuMetric(part: 'target' | 'current', share: unknown): JsonObject[] {
  if (share === undefined) return [];
  const amount = { averageUtilization: share, ...(part === 'target' && { type: 'Utilization' }) };
  return [{ type: 'Resource', resource: { name: 'cpu', [part]: amount } }];
}

function toStored(v1: Working): Working {
  const { targetCPUUtilizationPercentage, ...spec } = object(v1['spec']);
  const { currentCPUUtilizationPercentage, ...status } = object(v1['status']);
  const {
    [METRICS]: metrics,
    [BEHAVIOR]: behavior,
    [CONDITIONS]: conditions,
    [CURRENT_METRICS]: current,
    ...annotations
  } = v1.metadata.annotations ?? {};
  const { annotations: _, ...metadata } = v1.metadata;
  return {
    ...v1,
    apiVersion: 'autoscaling/v2',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      ...spec,
      metrics: [...cpuMetric('target', targetCPUUtilizationPercentage), ...array(parseAnnotation(metrics))],
      ...(behavior !== undefined && { behavior: parseAnnotation(behavior) }),
    },
    status: {
      ...status,
      currentMetrics: [
        ...cpuMetric('current', currentCPUUtilizationPercentage),
        ...array(parseAnnotation(current)),
      ],
      ...(conditions !== undefined && { conditions: parseAnnotation(conditions) }),
    },
  };
}

/** HorizontalPodAutoscalers are stored as v2. */
export const AUTOSCALER_CONVERSION: Conversion = {
  storedAs: 'horizontalpodautoscalers.autoscaling',
  storedVersion: 'autoscaling/v2',
  toStored,
  fromStored,
};
