import { isObject, type JsonObject } from '../../machinery/json.js';
import type { Defaulter } from './defaulter.js';

/** Defaults of the core group other than pods, by type. */
export const CORE_DEFAULTS: Record<string, Defaulter> = {
  'core.v1.Namespace': (namespace) => {
    const metadata = objectIn(namespace, 'metadata');
    if (metadata['name'])
      metadata['labels'] = {
        ...(metadata['labels'] as JsonObject | undefined),
        'kubernetes.io/metadata.name': metadata['name'],
      };
    objectIn(namespace, 'status')['phase'] ??= 'Active';
  },
  'core.v1.Secret': (secret) => {
    secret['type'] ??= 'Opaque';
  },
  'core.v1.Service': (service) => {
    const spec = objectIn(service, 'spec');
    spec['type'] ??= 'ClusterIP';
    defaultSessionAffinity(spec);
    defaultTrafficPolicies(spec);
    if (spec['type'] === 'LoadBalancer') {
      spec['allocateLoadBalancerNodePorts'] ??= true;
      defaultIngressModes(service);
    }
  },
  'core.v1.ServicePort': (port) => {
    port['protocol'] ??= 'TCP';
    if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '')
      port['targetPort'] = port['port'];
  },
  'core.v1.EndpointPort': (port) => {
    port['protocol'] ??= 'TCP';
  },
  'core.v1.PersistentVolume': (volume) => {
    const spec = objectIn(volume, 'spec');
    spec['persistentVolumeReclaimPolicy'] ??= 'Retain';
    spec['volumeMode'] ??= 'Filesystem';
    objectIn(volume, 'status')['phase'] ??= 'Pending';
  },
  'core.v1.PersistentVolumeClaim': (claim) => {
    objectIn(claim, 'status')['phase'] ??= 'Pending';
  },
  'core.v1.PersistentVolumeClaimSpec': (spec) => {
    spec['volumeMode'] ??= 'Filesystem';
  },
  'core.v1.NodeStatus': (status) => {
    if (isObject(status['capacity'])) status['allocatable'] ??= { ...status['capacity'] };
  },
  'core.v1.LimitRangeItem': (item) => {
    if (item['type'] !== 'Container') return;
    const limits = { ...quantitiesIn(item, 'max'), ...quantitiesIn(item, 'default') };
    const requests = { ...quantitiesIn(item, 'min'), ...limits, ...quantitiesIn(item, 'defaultRequest') };
    if (Object.keys(limits).length > 0) item['default'] = limits;
    if (Object.keys(requests).length > 0) item['defaultRequest'] = requests;
  },
  'core.v1.ReplicationController': (controller) => {
    const template = objectIn(controller, 'spec')['template'];
    const labels = isObject(template) && objectIn(template, 'metadata')['labels'];
    if (!isObject(labels)) return;
    objectIn(controller, 'spec')['selector'] ??= { ...labels };
    objectIn(controller, 'metadata')['labels'] ??= { ...labels };
  },
};

const quantitiesIn = (item: JsonObject, field: string) => (item[field] ?? {}) as JsonObject;

/** The object in this field, made when it is missing. */
export function objectIn(parent: JsonObject, field: string): JsonObject {
  const present = parent[field];
  if (isObject(present)) return present;
  const made: JsonObject = {};
  parent[field] = made;
  return made;
}

/** Three hours; https://kubernetes.io/docs/reference/networking/virtual-ips/#session-stickiness-timeout */
const SESSION_AFFINITY_SECONDS = 10_800;

function defaultSessionAffinity(spec: JsonObject): void {
  spec['sessionAffinity'] ??= 'None';
  if (spec['sessionAffinity'] === 'None') {
    delete spec['sessionAffinityConfig'];
    return;
  }
  const clientIP = objectIn(objectIn(spec, 'sessionAffinityConfig'), 'clientIP');
  clientIP['timeoutSeconds'] ??= SESSION_AFFINITY_SECONDS;
}

function defaultTrafficPolicies(spec: JsonObject): void {
  const external = spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
  const hasExternalAddress =
    spec['type'] === 'ClusterIP' && Array.isArray(spec['externalIPs']) && spec['externalIPs'].length > 0;
  if (external || hasExternalAddress) spec['externalTrafficPolicy'] ??= 'Cluster';
  if (external || spec['type'] === 'ClusterIP') spec['internalTrafficPolicy'] ??= 'Cluster';
}

function defaultIngressModes(service: JsonObject): void {
  const ingress = objectIn(objectIn(service, 'status'), 'loadBalancer')['ingress'];
  for (const entry of Array.isArray(ingress) ? ingress.filter(isObject) : [])
    if (entry['ip']) entry['ipMode'] ??= 'VIP';
}
