import type { Working } from '../strategies/strategy.js';
import type { Conversion } from './conversion.js';

/** Fields of `events.k8s.io/v1` by the name that they have in the core group's Event. */
const RENAMED: Record<string, string> = {
  involvedObject: 'regarding',
  message: 'note',
  reportingComponent: 'reportingController',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  source: 'deprecatedSource',
};
const BACK = Object.fromEntries(Object.entries(RENAMED).map(([core, other]) => [other, core]));

const rename = (object: Working, names: Record<string, string>, apiVersion: string): Working => {
  const renamed = Object.entries(object).map(([key, value]) => [names[key] ?? key, value]);
  return { ...Object.fromEntries(renamed), apiVersion } as Working;
};

/** Both groups' events are one resource; https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const EVENT_CONVERSION: Conversion = {
  storedAs: 'events',
  storedVersion: 'v1',
  toStored: (object) => rename(object, BACK, 'v1'),
  fromStored: (object) => rename(object, RENAMED, 'events.k8s.io/v1'),
};
