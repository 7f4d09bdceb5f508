import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../object.js';
import { decodeValue } from '../schema/decode-json.js';
import { applyDefaults } from '../schema/defaults.js';
import { ResourceCatalogue } from '../schema/resources.js';
import { typeNameOf } from '../schema/types.js';
import { validateObject, validateUpdate } from './validation.js';

const catalogue = new ResourceCatalogue();

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
  [member: string]: unknown;
}

/** A manifest as it stands when the API server validates it. */
function prepare(manifest: Manifest): KubernetesObject {
  const { value } = decodeValue(manifest, typeNameOf(manifest.apiVersion, manifest.kind));
  const object = value as unknown as KubernetesObject;
  applyDefaults(object);
  return object;
}

function resourceOf({ apiVersion, kind }: KubernetesObject) {
  const resource = catalogue.ofKind(apiVersion, kind);
  if (!resource) throw new Error(`${apiVersion} ${kind} is not served`);
  return resource;
}

function problemsOf(manifest: Manifest): string[] {
  const object = prepare(manifest);
  return validateObject(object, resourceOf(object)).map(({ field, message }) => `${field}: ${message}`);
}

function updateProblems(before: Manifest, after: Manifest): string[] {
  const object = prepare(after);
  return validateUpdate(object, prepare(before), resourceOf(object)).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

const pod = (spec: Record<string, unknown>, name = 'web'): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'web', image: 'nginx:1.25' }], ...spec },
});

const deployment = (selector: string, label: string): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: selector } },
    template: {
      metadata: { labels: { app: label } },
      spec: { containers: [{ name: 'c', image: 'nginx:1.25' }] },
    },
  },
});

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

// The sentences were recorded on a real cluster of Kubernetes 1.36.
describe('validateObject', () => {
  it('accepts what is right', () => {
    expect(problemsOf(pod({}))).toEqual([]);
    expect(problemsOf(deployment('web', 'web'))).toEqual([]);
  });

  it('refuses wrong names of pod and container in one answer', () => {
    const manifest = pod({ containers: [{ name: 'bad_name', image: 'nginx:1.25' }] }, 'bad_name');
    expect(problemsOf(manifest)).toEqual([
      `metadata.name: Invalid value: "bad_name": ${SUBDOMAIN}`,
      `spec.containers[0].name: Invalid value: "bad_name": ${LABEL}`,
    ]);
  });

  it('demands a name', () => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default' } };
    expect(problemsOf(manifest)).toEqual(['metadata.name: Required value: name or generateName is required']);
  });

  it('wants namespaces to be labels', () => {
    const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'BadName' } };
    expect(problemsOf(manifest)).toContain(`metadata.name: Invalid value: "BadName": ${LABEL}`);
  });

  it('refuses a selector that does not select the template', () => {
    expect(problemsOf(deployment('one', 'two'))).toEqual([
      'spec.template.metadata.labels: Invalid value: {"app":"two"}: `selector` does not match template `labels`',
    ]);
  });

  it.each([
    ['61 * * * *', 'Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
    [
      'TZ=UTC 1 * * * *',
      'Invalid value: "TZ=UTC 1 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
  ])('refuses the schedule %s', (schedule, message) => {
    const template = { spec: { containers: [{ name: 'c', image: 'busybox' }], restartPolicy: 'Never' } };
    const manifest = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick', namespace: 'default' },
      spec: { schedule, jobTemplate: { spec: { template } } },
    };
    expect(problemsOf(manifest)).toEqual([`spec.schedule: ${message}`]);
  });

  it('names everything that is wrong in a container', () => {
    const container = {
      name: 'c',
      image: '',
      ports: [{ containerPort: 70000 }],
      imagePullPolicy: 'Sometimes',
      resources: { requests: { cpu: '2' }, limits: { cpu: '1' } },
      volumeMounts: [{ name: 'nope', mountPath: '/x' }],
      livenessProbe: { successThreshold: 2, httpGet: { port: 80 } },
    };
    expect(problemsOf(pod({ containers: [container, container], restartPolicy: 'Maybe' }))).toEqual(
      expect.arrayContaining([
        'spec.containers[0].image: Required value',
        'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
        'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
        'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
        'spec.containers[0].volumeMounts[0].name: Not found: "nope"',
        'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
        'spec.containers[1].name: Duplicate value: "c"',
        'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
      ]),
    );
  });
});

describe('validateUpdate', () => {
  it('keeps the selector of a deployment', () => {
    expect(updateProblems(deployment('web', 'web'), deployment('other', 'web'))).toEqual([
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
    ]);
  });

  it('keeps the completions of a job', () => {
    const job = (completions: number): Manifest => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'hello', namespace: 'default' },
      spec: {
        completions,
        template: { spec: { containers: [{ name: 'c', image: 'busybox' }], restartPolicy: 'Never' } },
      },
    });
    expect(updateProblems(job(1), job(5))).toEqual([
      'spec.completions: Invalid value: 5: field is immutable',
    ]);
  });

  it('keeps the address of a service', () => {
    const service = (clusterIP: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { clusterIP, ports: [{ port: 80 }] },
    });
    expect(updateProblems(service('10.96.0.5'), service('10.96.200.200'))).toEqual([
      'spec.clusterIPs[0]: Invalid value: ["10.96.200.200"]: may not change once set',
    ]);
  });

  it('keeps the data of an immutable config map', () => {
    const config = (color: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'app', namespace: 'default' },
      data: { COLOR: color },
      immutable: true,
    });
    expect(updateProblems(config('blue'), config('red'))).toEqual([
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
  });

  it('lets the image of a pod change, and shows what else would', () => {
    const otherImage = pod({ containers: [{ name: 'web', image: 'nginx:1.27' }] });
    expect(updateProblems(pod({}), otherImage)).toEqual([]);
    const [problem, ...others] = updateProblems(pod({}), pod({ hostNetwork: true }));
    expect(others).toEqual([]);
    const [sentence, range, ...lines] = (problem ?? '').split('\n');
    expect(sentence).toBe(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    );
    expect(range).toMatch(/^@@ -\d+,7 \+\d+,7 @@$/);
    expect(lines).toEqual([
      '  "AutomountServiceAccountToken": null,',
      '  "NodeName": "",',
      '  "SecurityContext": {',
      '-  "HostNetwork": false,',
      '+  "HostNetwork": true,',
      '   "HostPID": false,',
      '   "HostIPC": false,',
      '   "ShareProcessNamespace": null,',
      '',
    ]);
  });

  it('keeps a claim but for its size', () => {
    const claim = (spec: object): Manifest => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
      status: { phase: 'Bound' },
    });
    const bigger = { resources: { requests: { storage: '2Gi' } } };
    expect(updateProblems(claim({}), claim(bigger))).toEqual([]);
    expect(updateProblems(claim(bigger), claim({}))).toEqual([
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ]);
    const [problem] = updateProblems(claim({}), claim({ accessModes: ['ReadOnlyMany'] }));
    expect(problem).toBe(
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n' +
        '@@ -1,6 +1,6 @@\n {\n  "AccessModes": [\n-  "ReadWriteOnce"\n+  "ReadOnlyMany"\n  ],\n  "Selector": null,\n  "Resources": {\n',
    );
  });
});
