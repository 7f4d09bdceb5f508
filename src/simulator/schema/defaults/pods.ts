import { isObject, type JsonObject } from '../../machinery/json.js';
import type { Defaulter } from './defaulter.js';

/**
 * Defaults of pods, their templates and everything in them, by type.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
export const POD_DEFAULTS: Record<string, Defaulter> = {
  'core.v1.Pod': (pod) => {
    const spec = pod['spec'] as JsonObject | undefined;
    if (!isObject(spec)) return;
    for (const container of containersOf(spec)) {
      requestLimits(container['resources']);
      if (spec['hostNetwork'] === true) useHostPorts(container);
    }
    requestLimits(spec['resources']);
    spec['enableServiceLinks'] ??= true;
  },
  'core.v1.PodStatus': (status) => {
    status['phase'] ??= 'Pending';
  },
  'core.v1.PodSpec': (spec) => {
    spec['dnsPolicy'] ??= 'ClusterFirst';
    spec['restartPolicy'] ??= 'Always';
    spec['securityContext'] ??= {};
    spec['terminationGracePeriodSeconds'] ??= 30;
    spec['schedulerName'] ??= 'default-scheduler';
    mirrorServiceAccount(spec);
  },
  'core.v1.Container': defaultContainer,
  'core.v1.EphemeralContainer': defaultContainer,
  'core.v1.Probe': (probe) => {
    probe['timeoutSeconds'] ??= 1;
    probe['periodSeconds'] ??= 10;
    probe['successThreshold'] ??= 1;
    probe['failureThreshold'] ??= 3;
  },
  'core.v1.HTTPGetAction': (action) => {
    action['path'] ??= '/';
    action['scheme'] ??= 'HTTP';
  },
  'core.v1.GRPCAction': (action) => {
    action['service'] ??= '';
  },
  'core.v1.ObjectFieldSelector': (selector) => {
    selector['apiVersion'] ??= 'v1';
  },
  'core.v1.Volume': (volume) => {
    if (Object.keys(volume).every((key) => key === 'name')) volume['emptyDir'] = {};
    const image = volume['image'];
    if (isObject(image)) image['pullPolicy'] ??= pullPolicyOf(image['reference']);
  },
  'core.v1.SecretVolumeSource': defaultMode,
  'core.v1.ConfigMapVolumeSource': defaultMode,
  'core.v1.DownwardAPIVolumeSource': defaultMode,
  'core.v1.ProjectedVolumeSource': defaultMode,
  'core.v1.ServiceAccountTokenProjection': (projection) => {
    projection['expirationSeconds'] ??= 3600;
  },
  'core.v1.HostPathVolumeSource': (volume) => {
    volume['type'] ??= '';
  },
};

/** 0644, the mode of files in volumes. */
const DEFAULT_FILE_MODE = 0o644;

function defaultMode(volume: JsonObject): void {
  volume['defaultMode'] ??= DEFAULT_FILE_MODE;
}

function defaultContainer(container: JsonObject): void {
  container['imagePullPolicy'] ??= pullPolicyOf(container['image']);
  container['terminationMessagePath'] ??= '/dev/termination-log';
  container['terminationMessagePolicy'] ??= 'File';
}

/** `Always` for the tag `latest`, given or implied; https://kubernetes.io/docs/concepts/containers/images/ */
function pullPolicyOf(image: unknown): string {
  if (typeof image !== 'string' || image === '') return 'IfNotPresent';
  const lastPart = image.slice(image.lastIndexOf('/') + 1);
  if (lastPart.includes('@')) return 'IfNotPresent';
  const [, tag = 'latest'] = lastPart.split(':');
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function containersOf(spec: JsonObject): JsonObject[] {
  return [spec['initContainers'], spec['containers']]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .filter(isObject);
}

/** What is limited and not requested is requested up to the limit. */
function requestLimits(resources: unknown): void {
  if (!isObject(resources) || !isObject(resources['limits'])) return;
  resources['requests'] = { ...resources['limits'], ...(resources['requests'] as JsonObject | undefined) };
}

function useHostPorts(container: JsonObject): void {
  const ports = container['ports'];
  for (const port of Array.isArray(ports) ? ports.filter(isObject) : [])
    port['hostPort'] ??= port['containerPort'];
}

/** The old name of the field is kept in step with the new one. */
function mirrorServiceAccount(spec: JsonObject): void {
  const name = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (name === undefined) return;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}
