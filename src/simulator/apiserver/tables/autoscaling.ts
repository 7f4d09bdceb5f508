import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../api/autoscaling-v1.generated.js';
import type {
  HorizontalPodAutoscaler as AutoscalerV2,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/autoscaling-v2.generated.js';
import { age, type Cell, NONE, UNSET } from './cell.js';

const UNKNOWN = '<unknown>';
const METRIC_LIMIT = 2;
const percent = (value: number | undefined, otherwise: string) =>
  value === undefined ? otherwise : `${value}%`;

/** A CPU or memory metric: `cpu: 40%/80%`. */
function formatResource(name: string, target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined)
    return `${name}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  return `${name}: ${percent(current?.averageUtilization, UNKNOWN)}/${percent(target.averageUtilization, '<auto>')}`;
}

function formatValue(target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined)
    return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${current?.value ?? UNKNOWN}/${target.value ?? '0'}`;
}

function formatMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  if (spec.resource)
    return formatResource(spec.resource.name, spec.resource.target, status?.resource?.current);
  if (spec.containerResource) {
    const { name, target } = spec.containerResource;
    return formatResource(name, target, status?.containerResource?.current);
  }
  if (spec.pods)
    return `${status?.pods?.current.averageValue ?? UNKNOWN}/${spec.pods.target.averageValue ?? '0'}`;
  if (spec.object) return formatValue(spec.object.target, status?.object?.current);
  return spec.external ? formatValue(spec.external.target, status?.external?.current) : '<unknown type>';
}

function formatMetrics(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return NONE;
  const shown = specs.slice(0, METRIC_LIMIT).map((spec, index) => formatMetric(spec, statuses[index]));
  const more = specs.length - shown.length;
  return more > 0 ? `${shown.join(', ')} + ${more} more...` : shown.join(', ');
}

function targetsOf(autoscaler: AutoscalerV1 | AutoscalerV2): string {
  const { spec, status } = autoscaler;
  if ('targetCPUUtilizationPercentage' in spec) {
    const current =
      status && 'currentCPUUtilizationPercentage' in status
        ? status.currentCPUUtilizationPercentage
        : undefined;
    return `cpu: ${percent(current, UNKNOWN)}/${percent(spec.targetCPUUtilizationPercentage, '<auto>')}`;
  }
  if (!('metrics' in spec)) return NONE;
  return formatMetrics(
    spec.metrics ?? [],
    status && 'currentMetrics' in status ? (status.currentMetrics ?? []) : [],
  );
}

export function printHorizontalPodAutoscaler(autoscaler: AutoscalerV1 | AutoscalerV2, nowMs: number): Cell[] {
  const { metadata, spec, status } = autoscaler;
  return [
    metadata.name,
    `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    targetsOf(autoscaler),
    spec.minReplicas === undefined ? UNSET : `${spec.minReplicas}`,
    spec.maxReplicas,
    status?.currentReplicas ?? 0,
    age(autoscaler, nowMs),
  ];
}
