import { describe, expect, it } from 'vitest';
import { cloneJson } from '../machinery/json.js';
import type { KubernetesObject } from '../object.js';
import { decodeValue } from './decode-json.js';
import { applyDefaults } from './defaults.js';
import { typeNameOf } from './types.js';

interface Manifest {
  apiVersion: string;
  kind: string;
  [member: string]: unknown;
}

function defaulted<T = Record<string, unknown>>(manifest: Manifest): T {
  const { value } = decodeValue(manifest, typeNameOf(manifest.apiVersion, manifest.kind));
  const object = value as unknown as KubernetesObject;
  applyDefaults(object);
  const once = cloneJson(object);
  applyDefaults(object);
  expect(object).toEqual(once);
  return object as T;
}

// What `kubectl get -o yaml` showed on a real cluster of Kubernetes 1.36.
const POD_SPEC = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

describe('applyDefaults', () => {
  it('fills in a deployment as kubectl create sends it', () => {
    const manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ image: 'nginx:1.25', name: 'nginx' }] },
        },
      },
    };
    expect(defaulted(manifest)['spec']).toEqual({
      progressDeadlineSeconds: 600,
      replicas: 3,
      revisionHistoryLimit: 10,
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          ...POD_SPEC,
          containers: [
            {
              image: 'nginx:1.25',
              imagePullPolicy: 'IfNotPresent',
              name: 'nginx',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
        },
      },
    });
  });

  it('fills in a cron job, and not the job in it', () => {
    const template = {
      spec: { containers: [{ name: 'tick', image: 'busybox' }], restartPolicy: 'OnFailure' },
    };
    const { spec } = defaulted<{ spec: Record<string, unknown> }>({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      spec: { schedule: '*/1 * * * *', jobTemplate: { spec: { template } } },
    });
    expect(spec).toMatchObject({
      concurrencyPolicy: 'Allow',
      failedJobsHistoryLimit: 1,
      successfulJobsHistoryLimit: 3,
      suspend: false,
    });
    expect(Object.keys((spec['jobTemplate'] as { spec: object }).spec)).toEqual(['template']);
  });

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.25', 'IfNotPresent'],
    ['registry.example:5000/nginx', 'Always'],
    ['registry.example:5000/nginx:1', 'IfNotPresent'],
    [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ])('pulls %s %s', (image, policy) => {
    const { spec } = defaulted<{ spec: { containers: { imagePullPolicy: string }[] } }>({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [{ name: 'c', image }] },
    });
    expect(spec.containers[0]?.imagePullPolicy).toBe(policy);
  });

  it('requests what is limited, in pods only', () => {
    const containers = [
      {
        name: 'c',
        image: 'x',
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
      },
    ];
    const requests = (object: { spec: { containers: { resources: { requests: unknown } }[] } }) =>
      object.spec.containers[0]?.resources.requests;
    expect(requests(defaulted({ apiVersion: 'v1', kind: 'Pod', spec: { containers } }))).toEqual({
      cpu: '500m',
      memory: '1Gi',
    });
    const { template } = defaulted<{ template: Parameters<typeof requests>[0] }>({
      apiVersion: 'v1',
      kind: 'PodTemplate',
      template: { spec: { containers } },
    });
    expect(requests(template)).toEqual({ cpu: '500m' });
  });

  it('fills in volumes, probes and ports wherever they are', () => {
    const { spec } = defaulted<{ spec: Record<string, unknown> }>({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: {
        containers: [
          {
            name: 'c',
            image: 'x',
            ports: [{ containerPort: 80 }],
            readinessProbe: { httpGet: { port: 80 } },
          },
        ],
        volumes: [{ name: 'a' }, { name: 'b', configMap: { name: 'x' } }],
      },
    });
    expect(spec).toMatchObject({
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', configMap: { name: 'x', defaultMode: 420 } },
      ],
      containers: [
        {
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          readinessProbe: {
            httpGet: { path: '/', port: 80, scheme: 'HTTP' },
            failureThreshold: 3,
            periodSeconds: 10,
            successThreshold: 1,
            timeoutSeconds: 1,
          },
        },
      ],
    });
  });

  it('fills in a service by its type', () => {
    const service = (spec: object) =>
      defaulted<{ spec: object }>({ apiVersion: 'v1', kind: 'Service', spec }).spec;
    expect(service({ ports: [{ port: 80 }] })).toEqual({
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'None',
      type: 'ClusterIP',
    });
    expect(service({ type: 'NodePort', ports: [{ port: 80, targetPort: 'http' }] })).toMatchObject({
      externalTrafficPolicy: 'Cluster',
      ports: [{ targetPort: 'http' }],
    });
    expect(service({ type: 'ExternalName', externalName: 'a.b' })).not.toHaveProperty(
      'internalTrafficPolicy',
    );
  });
});
