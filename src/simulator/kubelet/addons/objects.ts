import type { DaemonSet, Deployment } from '../../api/apps-v1.generated.js';
import type { Container, Pod, Toleration } from '../../api/core-v1.generated.js';
import type { Draft, KubernetesObject, ResourceName } from '../../object.js';
import type { NodePlace } from '../node-object.js';

export interface AddonObject {
  resource: ResourceName;
  object: Draft<KubernetesObject>;
}

const KUBE_SYSTEM = 'kube-system';
const LOCAL_PATH = 'local-path-storage';
const CONTROL_PLANE_TOLERATION: Toleration = {
  effect: 'NoSchedule',
  key: 'node-role.kubernetes.io/control-plane',
};

const container = (
  name: string,
  image: string,
  command: string[],
  requests: Record<string, string> = {},
  more: Partial<Container> = {},
): Container => ({
  name,
  image,
  imagePullPolicy: 'IfNotPresent',
  command,
  ...(Object.keys(requests).length > 0 && { resources: { requests } }),
  ...more,
});

/** The control plane's own pods, which its kubelet runs from files; the API server shows copies of them. */
export function staticPods(place: NodePlace, version: string, nodeUid: string): Draft<Pod>[] {
  const registry = 'registry.k8s.io';
  const all = [
    container(
      'etcd',
      `${registry}/etcd:3.6.8-0`,
      [
        'etcd',
        `--advertise-client-urls=https://${place.ip}:2379`,
        '--data-dir=/var/lib/etcd',
        `--name=${place.shape.name}`,
      ],
      { cpu: '100m', memory: '100Mi' },
    ),
    container(
      'kube-apiserver',
      `${registry}/kube-apiserver:${version}`,
      [
        'kube-apiserver',
        `--advertise-address=${place.ip}`,
        '--authorization-mode=Node,RBAC',
        '--secure-port=6443',
        '--service-cluster-ip-range=10.96.0.0/16',
      ],
      { cpu: '250m' },
    ),
    container(
      'kube-controller-manager',
      `${registry}/kube-controller-manager:${version}`,
      [
        'kube-controller-manager',
        '--allocate-node-cidrs=true',
        '--cluster-cidr=10.244.0.0/16',
        '--leader-elect=true',
        '--use-service-account-credentials=true',
      ],
      { cpu: '200m' },
    ),
    container(
      'kube-scheduler',
      `${registry}/kube-scheduler:${version}`,
      ['kube-scheduler', '--bind-address=127.0.0.1', '--leader-elect=true'],
      { cpu: '100m' },
    ),
  ];
  return all.map((each) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${each.name}-${place.shape.name}`,
      namespace: KUBE_SYSTEM,
      annotations: {
        'kubernetes.io/config.hash': nodeUid.replaceAll('-', ''),
        'kubernetes.io/config.mirror': nodeUid.replaceAll('-', ''),
        'kubernetes.io/config.source': 'file',
      },
      labels: { component: each.name, tier: 'control-plane' },
      ownerReferences: [
        { apiVersion: 'v1', controller: true, kind: 'Node', name: place.shape.name, uid: nodeUid },
      ],
    },
    spec: {
      automountServiceAccountToken: false,
      containers: [each],
      enableServiceLinks: true,
      hostNetwork: true,
      nodeName: place.shape.name,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      tolerations: [{ effect: 'NoExecute', operator: 'Exists' }],
    },
  }));
}

/** What kubeadm and kind install besides; namespaces and DNS's Service are there from the API server's start. */
export function addonObjects(version: string): AddonObject[] {
  return [
    { resource: 'serviceaccounts', object: serviceAccount('coredns', KUBE_SYSTEM) },
    { resource: 'serviceaccounts', object: serviceAccount('kube-proxy', KUBE_SYSTEM) },
    { resource: 'serviceaccounts', object: serviceAccount('kindnet', KUBE_SYSTEM) },
    {
      resource: 'serviceaccounts',
      object: serviceAccount('local-path-provisioner-service-account', LOCAL_PATH),
    },
    { resource: 'configmaps', object: corefile() },
    { resource: 'deployments.apps', object: coredns() },
    { resource: 'daemonsets.apps', object: kubeProxy(version) },
    { resource: 'daemonsets.apps', object: kindnet() },
    { resource: 'deployments.apps', object: localPathProvisioner() },
  ];
}

const serviceAccount = (name: string, namespace: string): Draft<KubernetesObject> => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace },
});

function corefile(): Draft<KubernetesObject> & { data: Record<string, string> } {
  const lines = [
    'errors',
    'health {\n       lameduck 5s\n    }',
    'ready',
    'kubernetes cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl 30\n    }',
    'prometheus :9153',
    'forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }',
    'cache 30',
    'loop',
    'reload',
    'loadbalance',
  ];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coredns', namespace: KUBE_SYSTEM },
    data: { Corefile: `.:53 {\n${lines.map((line) => `    ${line}\n`).join('')}}\n` },
  };
}

function coredns(): Draft<Deployment> {
  const labels = { 'k8s-app': 'kube-dns' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: KUBE_SYSTEM, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      template: {
        metadata: { labels } as never,
        spec: {
          containers: [
            {
              ...container(
                'coredns',
                'registry.k8s.io/coredns/coredns:v1.14.2',
                [],
                {},
                { args: ['-conf', '/etc/coredns/Corefile'] },
              ),
              command: undefined,
              resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
              ports: [
                { containerPort: 53, name: 'dns', protocol: 'UDP' },
                { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
                { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
              ],
              volumeMounts: [{ mountPath: '/etc/coredns', name: 'config-volume', readOnly: true }],
            },
          ],
          dnsPolicy: 'Default',
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          priorityClassName: 'system-cluster-critical',
          serviceAccountName: 'coredns',
          tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }, CONTROL_PLANE_TOLERATION],
          volumes: [
            {
              name: 'config-volume',
              configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] },
            },
          ],
        },
      },
    },
  };
}

function daemonSet(
  name: string,
  labels: Record<string, string>,
  serviceAccountName: string,
  each: Container,
): Draft<DaemonSet> {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: KUBE_SYSTEM, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels } as never,
        spec: {
          containers: [each],
          hostNetwork: true,
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          priorityClassName: 'system-node-critical',
          serviceAccountName,
          tolerations: [{ operator: 'Exists' }],
        },
      },
    },
  };
}

const kubeProxy = (version: string) =>
  daemonSet(
    'kube-proxy',
    { 'k8s-app': 'kube-proxy' },
    'kube-proxy',
    container('kube-proxy', `registry.k8s.io/kube-proxy:${version}`, [
      '/usr/local/bin/kube-proxy',
      '--config=/var/lib/kube-proxy/config.conf',
    ]),
  );

const kindnet = () =>
  daemonSet('kindnet', { app: 'kindnet', 'k8s-app': 'kindnet', tier: 'node' }, 'kindnet', {
    ...container('kindnet-cni', 'docker.io/kindest/kindnetd:v20260213-ea8e5717', ['/bin/kindnetd']),
    resources: { limits: { cpu: '100m', memory: '50Mi' }, requests: { cpu: '100m', memory: '50Mi' } },
  });

function localPathProvisioner(): Draft<Deployment> {
  const labels = { app: 'local-path-provisioner' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'local-path-provisioner', namespace: LOCAL_PATH },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels } as never,
        spec: {
          containers: [
            container(
              'local-path-provisioner',
              'docker.io/kindest/local-path-provisioner:v20260213-ea8e5717',
              ['local-path-provisioner', '--debug', 'start', '--config', '/etc/config/config.json'],
            ),
          ],
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          serviceAccountName: 'local-path-provisioner-service-account',
          tolerations: [{ ...CONTROL_PLANE_TOLERATION, operator: 'Equal' }],
        },
      },
    },
  };
}
