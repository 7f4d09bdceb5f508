import type { Event as CoreEvent } from '../../api/core-v1.generated.js';
import type { Event as ReportedEvent } from '../../api/events-v1.generated.js';
import { type Cell, since } from './cell.js';

/** The core/v1 form of an event that is served as events.k8s.io/v1, which names the same fields differently. */
function asCoreEvent(event: ReportedEvent): CoreEvent {
  const { deprecatedCount, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedSource, ...rest } =
    event;
  return {
    ...rest,
    involvedObject: event.regarding ?? {},
    message: event.note,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: event.reportingController,
  };
}

function sourceOf({ source, reportingComponent, reportingInstance }: CoreEvent): string {
  const component = source?.component || reportingComponent || '';
  const instance = source?.host || reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

/** The row of `kubectl get events`, of either API group. */
export function printEvent(event: CoreEvent | ReportedEvent, nowMs: number): Cell[] {
  const core = 'involvedObject' in event ? event : asCoreEvent(event);
  const { involvedObject, series } = core;
  const firstSeen = since(core.firstTimestamp ?? core.eventTime, nowMs);
  const lastSeen = core.lastTimestamp ? since(core.lastTimestamp, nowMs) : firstSeen;
  const kind = (involvedObject.kind ?? '').toLowerCase();
  return [
    series ? since(series.lastObservedTime, nowMs) : lastSeen,
    core.type ?? '',
    core.reason ?? '',
    involvedObject.name ? `${kind}/${involvedObject.name}` : kind,
    involvedObject.fieldPath ?? '',
    sourceOf(core),
    (core.message ?? '').trim(),
    firstSeen,
    series ? (series.count ?? 0) : core.count || 1,
    core.metadata.name,
  ];
}
