import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../object.js';
import { ResourceCatalogue, type ServedResource } from '../../schema/resources.js';
import { toTable } from './to-table.js';

const NOW_MS = Date.parse('2026-01-01T00:10:00Z');
const catalogue = new ResourceCatalogue();

function served(apiVersion: string, plural: string): ServedResource {
  const resource = catalogue.find(apiVersion, plural);
  if (!resource) throw new Error(`${apiVersion} ${plural} is not served`);
  return resource;
}

function object(fields: Record<string, unknown>): KubernetesObject {
  const metadata = { name: 'web', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const { metadata: more, ...rest } = fields;
  return { apiVersion: '', kind: '', ...rest, metadata: { ...metadata, ...(more as object) } };
}

const template = {
  spec: { containers: [{ name: 'nginx', image: 'nginx:1.25' }], nodeSelector: { disk: 'ssd' } },
};
const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [
    { key: 'tier', operator: 'In', values: ['b', 'a'] },
    { key: 'old', operator: 'DoesNotExist' },
  ],
};
const selectorText = 'app=web,!old,tier in (a,b)';

/** API version, resource, object, cells after the name; ages are 10m. */
const ROWS: [string, string, Record<string, unknown>, unknown[]][] = [
  [
    'apps/v1',
    'deployments',
    { spec: { replicas: 3, selector, template }, status: { readyReplicas: 2, updatedReplicas: 1 } },
    ['2/3', 1, 0, '10m', 'nginx', 'nginx:1.25', selectorText],
  ],
  [
    'apps/v1',
    'daemonsets',
    { spec: { selector, template }, status: { desiredNumberScheduled: 2, numberReady: 1 } },
    [2, 0, 1, 0, 0, 'disk=ssd', '10m', 'nginx', 'nginx:1.25', selectorText],
  ],
  [
    'batch/v1',
    'jobs',
    {
      spec: { parallelism: 3, template },
      status: { startTime: '2026-01-01T00:09:00Z', succeeded: 1 },
    },
    ['Running', '1/1 of 3', '60s', '10m', 'nginx', 'nginx:1.25', '<none>'],
  ],
  [
    'batch/v1',
    'cronjobs',
    { spec: { schedule: '*/1 * * * *', suspend: false, jobTemplate: { spec: { template } } } },
    ['*/1 * * * *', '<none>', 'False', 0, '<none>', '10m', 'nginx', 'nginx:1.25', '<none>'],
  ],
  [
    'v1',
    'services',
    {
      spec: {
        type: 'LoadBalancer',
        clusterIPs: ['10.96.70.249'],
        ports: [{ port: 80, nodePort: 31533, protocol: 'TCP' }],
        selector: { app: 'web' },
      },
      status: { loadBalancer: {} },
    },
    ['LoadBalancer', '10.96.70.249', '<pending>', '80:31533/TCP', '10m', 'app=web'],
  ],
  [
    'v1',
    'services',
    { spec: { type: 'ExternalName', externalName: 'example.com' } },
    ['ExternalName', '<none>', 'example.com', '<none>', '10m', '<none>'],
  ],
  [
    'v1',
    'endpoints',
    {
      subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '::1' }], ports: [{ port: 80 }, { port: 443 }] }],
    },
    ['10.0.0.1:80,[::1]:80,10.0.0.1:443 + 1 more...', '10m'],
  ],
  [
    'discovery.k8s.io/v1',
    'endpointslices',
    { addressType: 'IPv4', endpoints: [] },
    ['IPv4', '<unset>', '<unset>', '10m'],
  ],
  [
    'networking.k8s.io/v1',
    'ingresses',
    { spec: { ingressClassName: 'nginx', rules: ['a', 'b', 'c', 'd'].map((host) => ({ host })), tls: [{}] } },
    ['nginx', 'a,b,c + 1 more...', '', '80, 443', '10m'],
  ],
  [
    'v1',
    'nodes',
    {
      metadata: { labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'edge' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '172.18.0.2' }],
        nodeInfo: { kubeletVersion: 'v1.36.2', osImage: 'Debian' },
      },
    },
    [
      'Ready,SchedulingDisabled',
      'control-plane,edge',
      '10m',
      'v1.36.2',
      '172.18.0.2',
      '<none>',
      'Debian',
      '<unknown>',
      '<unknown>',
    ],
  ],
  [
    'v1',
    'persistentvolumeclaims',
    {
      spec: { volumeName: 'pv-1', storageClassName: 'standard' },
      status: {
        phase: 'Bound',
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
        capacity: { storage: '64Mi' },
      },
    },
    ['Bound', 'pv-1', '64Mi', 'RWO,RWX', 'standard', '<unset>', '10m', '<unset>'],
  ],
  [
    'v1',
    'resourcequotas',
    { status: { hard: { pods: '10', 'limits.cpu': '2', 'requests.cpu': '1' }, used: { pods: '3' } } },
    ['pods: 3/10, requests.cpu: 0/1', 'limits.cpu: 0/2', '10m'],
  ],
  [
    'autoscaling/v2',
    'horizontalpodautoscalers',
    {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 6,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
      },
    },
    ['Deployment/web', 'cpu: <unknown>/80%', '2', 6, 0, '10m'],
  ],
  [
    'policy/v1',
    'poddisruptionbudgets',
    { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } },
    ['50%', 'N/A', 1, '10m'],
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'rolebindings',
    {
      roleRef: { kind: 'Role', name: 'reader' },
      subjects: [
        { kind: 'User', name: 'ann' },
        { kind: 'ServiceAccount', name: 'robot', namespace: 'default' },
      ],
    },
    ['Role/reader', '10m', 'ann', '', 'default/robot'],
  ],
  [
    'certificates.k8s.io/v1',
    'certificatesigningrequests',
    {
      spec: { signerName: 's', username: 'ann', expirationSeconds: 86_400 },
      status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'x' },
    },
    ['10m', 's', 'ann', '24h', 'Approved,Issued'],
  ],
  ['rbac.authorization.k8s.io/v1', 'roles', {}, ['2026-01-01T00:00:00Z']],
  ['v1', 'serviceaccounts', {}, ['10m']],
];

describe('rows', () => {
  test.each(ROWS)('%s %s', (apiVersion, plural, fields, cells) => {
    const table = toTable(served(apiVersion, plural), [object(fields)], {
      nowMs: NOW_MS,
      includeObject: 'None',
    });
    expect(table.rows[0]?.cells).toEqual(['web', ...cells]);
    expect(table.columnDefinitions).toHaveLength(cells.length + 1);
  });
});

test.each(['v1', 'events.k8s.io/v1'])('an event of %s', (apiVersion) => {
  const about = { kind: 'Pod', name: 'web-0', fieldPath: 'spec.containers{main}' };
  const [source, first, last] = [
    { component: 'kubelet', host: 'node-1' },
    '2026-01-01T00:01:00Z',
    '2026-01-01T00:09:30Z',
  ];
  const fields =
    apiVersion === 'v1'
      ? {
          involvedObject: about,
          message: ' done\n',
          source,
          firstTimestamp: first,
          lastTimestamp: last,
          count: 4,
        }
      : {
          regarding: about,
          note: ' done\n',
          deprecatedSource: source,
          deprecatedFirstTimestamp: first,
          deprecatedLastTimestamp: last,
          deprecatedCount: 4,
        };
  const event = object({ type: 'Normal', reason: 'Pulled', ...fields });
  const table = toTable(served(apiVersion, 'events'), [event], { nowMs: NOW_MS, includeObject: 'None' });
  expect(table.rows[0]?.cells).toEqual([
    '30s',
    'Normal',
    'Pulled',
    'pod/web-0',
    'spec.containers{main}',
    'kubelet, node-1',
    'done',
    '9m',
    4,
    'web',
  ]);
});

test('a default storage class says so in its name', () => {
  const metadata = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } };
  const fields = { metadata, provisioner: 'p' };
  const table = toTable(served('storage.k8s.io/v1', 'storageclasses'), [object(fields)], {
    nowMs: NOW_MS,
    includeObject: 'None',
  });
  expect(table.rows[0]?.cells[0]).toBe('web (default)');
});

test('rows carry what the request asks for of their objects', () => {
  const item = object({ status: { phase: 'Failed' }, spec: { containers: [] } });
  const of = (includeObject: 'None' | 'Metadata' | 'Object') =>
    toTable(served('v1', 'pods'), [item], { nowMs: NOW_MS, includeObject, columnDefinitions: false });
  expect(of('None').rows[0]).not.toHaveProperty('object');
  expect(of('Object').rows[0]?.object).toBe(item);
  expect(of('Metadata').rows[0]?.object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: item.metadata,
  });
  expect(of('None').rows[0]?.conditions?.[0]).toMatchObject({ type: 'Completed', reason: 'Failed' });
  expect(of('None')).not.toHaveProperty('columnDefinitions');
});

describe('custom resources', () => {
  const boats: ServedResource = {
    ...served('v1', 'configmaps'),
    name: 'boats.sea.example',
    group: 'sea.example',
    apiVersion: 'sea.example/v1',
    custom: true,
  };
  const boat = object({ spec: { length: 10.5, built: '2026-01-01T00:05:00Z', tags: ['x', 'y'] } });

  test('have the columns that their definition asks for', () => {
    const customColumns = [
      { name: 'Length', type: 'integer', jsonPath: '.spec.length' },
      { name: 'Built', type: 'date', jsonPath: '.spec.built' },
      { name: 'Tag', type: 'string', jsonPath: '.spec.tags[1]', priority: 1 },
      { name: 'Missing', type: 'string', jsonPath: '.spec.missing' },
      { name: 'Wrong', type: 'boolean', jsonPath: '.spec.length' },
    ];
    const table = toTable(boats, [boat], { nowMs: NOW_MS, includeObject: 'None', customColumns });
    expect(table.rows[0]?.cells).toEqual(['web', 10, '5m', 'y', null, null]);
    expect(table.columnDefinitions?.map(({ name, priority }) => [name, priority])).toEqual([
      ['Name', 0],
      ['Length', 0],
      ['Built', 0],
      ['Tag', 1],
      ['Missing', 0],
      ['Wrong', 0],
    ]);
  });

  test('show their age otherwise', () => {
    const table = toTable(boats, [boat], { nowMs: NOW_MS, includeObject: 'None' });
    expect(table.rows[0]?.cells).toEqual(['web', '10m']);
  });
});
