import type { BootstrapObject } from './bootstrap-object.js';

/** kubeadm's addresses in 10.96.0.0/16. */
const API_SERVICE_ADDRESS = '10.96.0.1';
export const DNS_SERVICE_ADDRESS = '10.96.0.10';

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system', 'local-path-storage'];

const namespace = (name: string): BootstrapObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});

const serviceAddress = (clusterIP: string) => ({
  clusterIP,
  clusterIPs: [clusterIP],
  internalTrafficPolicy: 'Cluster',
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  sessionAffinity: 'None',
  type: 'ClusterIP',
});

const apiService: BootstrapObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  },
  spec: {
    ...serviceAddress(API_SERVICE_ADDRESS),
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
  },
  status: { loadBalancer: {} },
};

const dnsService: BootstrapObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'kube-dns',
    namespace: 'kube-system',
    annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    labels: {
      'k8s-app': 'kube-dns',
      'kubernetes.io/cluster-service': 'true',
      'kubernetes.io/name': 'CoreDNS',
    },
  },
  spec: {
    ...serviceAddress(DNS_SERVICE_ADDRESS),
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
    ],
    selector: { 'k8s-app': 'kube-dns' },
  },
  status: { loadBalancer: {} },
};

/** As kind names and marks the class of its dynamic provisioner. */
const storageClass: BootstrapObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'rancher.io/local-path',
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

const priorityClass = (name: string, value: number, description: string): BootstrapObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name, generation: 1 },
  description,
  preemptionPolicy: 'PreemptLowerPriority',
  value,
});

/** https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/ */
const PRIORITY_CLASSES = [
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
  priorityClass(
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ),
];

const serviceCidr: BootstrapObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'kubernetes', finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
  spec: { cidrs: ['10.96.0.0/16'] },
  status: {
    conditions: [
      {
        lastTransitionTime: null,
        message: 'Kubernetes Service CIDR is ready',
        reason: '',
        status: 'True',
        type: 'Ready',
      },
    ],
  },
};

/** What a new cluster holds besides its roles. */
export const CLUSTER_OBJECTS: readonly BootstrapObject[] = [
  ...NAMESPACES.map(namespace),
  apiService,
  dnsService,
  storageClass,
  ...PRIORITY_CLASSES,
  serviceCidr,
];
