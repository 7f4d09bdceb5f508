import { createHash } from 'node:crypto';
import type { Node, NodeCondition } from '../api/core-v1.generated.js';
import { type Clock, timestamp } from '../clock/clock.js';
import type { NodeShape } from '../cluster.js';
import type { Image } from '../containers/image.js';
import type { Draft } from '../object.js';

const CONTAINERD_VERSION = 'containerd://2.1.4';
const KERNEL_VERSION = '6.8.0-45-generic';
const OS_IMAGE = 'Debian GNU/Linux 12 (bookworm)';
/** A disk of 98 GiB, as `capacity` and `images` show it. */
const DISK = '102626232Ki';
/** Kubelet lists so many images of a node at most (`nodeStatusMaxImages`). */
const MAX_IMAGES = 50;

export interface NodePlace {
  shape: NodeShape;
  /** `172.18.0.2`. */
  ip: string;
  /** `10.244.0.0/24`. */
  podCidr: string;
  /** The control plane takes no ordinary pods when there are workers. */
  tainted: boolean;
}

/** The node as kind's would register itself. */
export function nodeObject(
  place: NodePlace,
  kubernetesVersion: string,
  images: readonly Image[],
  clock: Clock,
): Draft<Node> {
  const { shape, podCidr } = place;
  const role = shape.controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {};
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: shape.name,
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': shape.name,
        'kubernetes.io/os': 'linux',
        ...role,
        ...(shape.controlPlane &&
          !place.tainted && { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }),
      },
    },
    spec: {
      podCIDR: podCidr,
      podCIDRs: [podCidr],
      providerID: `kind://docker/seatrial/${shape.name}`,
      ...(place.tainted && {
        taints: [{ effect: 'NoSchedule', key: 'node-role.kubernetes.io/control-plane' }],
      }),
    },
    status: nodeStatus(place, kubernetesVersion, images, clock),
  };
}

export function nodeStatus(
  { shape, ip }: NodePlace,
  kubernetesVersion: string,
  images: readonly Image[],
  clock: Clock,
): NonNullable<Node['status']> {
  const resources = {
    cpu: shape.cpu,
    'ephemeral-storage': DISK,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: shape.memory,
    pods: String(shape.pods),
  };
  return {
    addresses: [
      { address: ip, type: 'InternalIP' },
      { address: shape.name, type: 'Hostname' },
    ],
    allocatable: resources,
    capacity: resources,
    conditions: nodeConditions(timestamp(clock)),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: images
      .slice(0, MAX_IMAGES)
      .map((image) => ({ names: [image.id, image.name], sizeBytes: image.sizeBytes })),
    nodeInfo: {
      architecture: 'amd64',
      bootID: machineId(shape.name, 'boot', true),
      containerRuntimeVersion: CONTAINERD_VERSION,
      kernelVersion: KERNEL_VERSION,
      kubeProxyVersion: '',
      kubeletVersion: kubernetesVersion,
      machineID: machineId(shape.name, 'machine', false),
      operatingSystem: 'linux',
      osImage: OS_IMAGE,
      systemUUID: machineId(shape.name, 'system', true),
    },
  };
}

/** A healthy node's conditions in kubelet's words. */
export function nodeConditions(now: string): NodeCondition[] {
  const condition = (type: string, status: string, reason: string, message: string): NodeCondition => ({
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    message,
    reason,
    status,
    type,
  });
  return [
    condition(
      'MemoryPressure',
      'False',
      'KubeletHasSufficientMemory',
      'kubelet has sufficient memory available',
    ),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ];
}

/** The same for a node name in every life of the cluster. */
function machineId(nodeName: string, what: string, dashed: boolean): string {
  const hex = createHash('sha256').update(`${what}/${nodeName}`).digest('hex').slice(0, 32);
  return dashed ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') : hex;
}
