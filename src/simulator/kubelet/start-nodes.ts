import type { ConfigMap, Node, PersistentVolume, Pod, Secret } from '../api/core-v1.generated.js';
import type { Client } from '../client.js';
import type { Clock } from '../clock/clock.js';
import type { NodeShape } from '../cluster.js';
import { directory } from '../containers/file-tree.js';
import { builtInCatalogue } from '../containers/image-catalogue.js';
import { ContainerRuntime } from '../containers/runtime.js';
import { ClusterNetwork } from '../network/cluster-network.js';
import { PodAddresses } from '../network/pod-addresses.js';
import { ServiceDirectory } from '../network/service-directory.js';
import { createAddons } from './addons/create-addons.js';
import { Heartbeat } from './heartbeat.js';
import { ImagePuller } from './image-puller.js';
import type { NodeAgent } from './node-agent.js';
import type { NodeContext } from './node-context.js';
import { type NodePlace, nodeObject, nodeStatus } from './node-object.js';
import { PersistentFiles } from './persistent-files.js';
import { PodAgent } from './pod-agent.js';
import { PodWorker } from './pod-worker.js';

export interface NodesContext {
  nodes: NodeShape[];
  /** The client of a node's kubelet, user `system:node:NAME`. */
  clientFor(nodeName: string): Client;
  clock: Clock;
  dataDirectory?: string;
  /** `v1.36.2`. */
  kubernetesVersion: string;
  /** Loaded into every node beside those that a node comes with. */
  loadedImages?: readonly string[];
  /**
   * The containers that the store has as running go on, as they are in a new cluster. Without it they were lost with the
   * process that ran them, and are started anew.
   */
  containersRun?: boolean;
}

export interface RunningNodes {
  agentFor(nodeName: string): NodeAgent | undefined;
  /** The cluster's wires, for whoever connects from outside the pods: port-forwards, the learner's shell. */
  readonly network: ClusterNetwork;
  /** Stops every container and timer; writes nothing more. */
  stop(): Promise<void>;
}

/**
 * Registers the nodes of a cluster, puts kube-system's pods on them, and runs the pods that are bound to them. Resolves
 * when every node is Ready; the add-ons come up afterwards, as on a real cluster.
 */
export async function startNodes(context: NodesContext): Promise<RunningNodes> {
  const { nodes, clock } = context;
  const [firstShape] = nodes;
  if (!firstShape) throw new RangeError('a cluster needs at least one node');
  const client = context.clientFor(firstShape.name);
  const places = nodes.map((shape, index) => placeOf(shape, index, nodes));
  const network = new ClusterNetwork(new ServiceDirectory(client, new Set(places.map(({ ip }) => ip))));
  const catalogue = builtInCatalogue();
  const persistentFiles = new PersistentFiles(() => clock.now());
  const runtime = new ContainerRuntime(catalogue, clock);
  const clients = new Map(nodes.map(({ name }) => [name, context.clientFor(name)]));
  const kubelets = new Map<string, NodeContext>();

  for (const place of places) {
    const { name, cpu, memory } = place.shape;
    const own = clients.get(name) ?? client;
    const images: ImagePuller = new ImagePuller(
      catalogue,
      own,
      clock,
      () => void reportImages(own, place, images, context),
    );
    preload(images, context.kubernetesVersion);
    for (const image of context.loadedImages ?? []) images.load(image);
    kubelets.set(name, {
      name,
      ip: place.ip,
      client: own,
      clock,
      runtime,
      images,
      network,
      addresses: new PodAddresses(place.podCidr),
      hostFiles: directory(clock.now()),
      persistentFiles,
      allocatable: { cpu, memory },
    });
    await register(own, place, images, context);
  }

  const workers = new Map<string, PodWorker>();
  const { containersRun = false } = context;
  const stops = [
    watchPods(client, kubelets, workers, containersRun),
    ...watchSources(client, workers, persistentFiles),
  ];
  const heartbeat = new Heartbeat(clients, clock);
  await heartbeat.start(containersRun);
  const addons = createAddons(client, places, context.kubernetesVersion);
  const agents = new Map(nodes.map(({ name }) => [name, new PodAgent((uid) => workers.get(uid))]));
  return {
    agentFor: (nodeName) => agents.get(nodeName),
    network,
    stop: async () => {
      heartbeat.stop();
      for (const stop of stops) stop();
      await addons;
      for (const worker of workers.values()) worker.remove();
      workers.clear();
    },
  };
}

/** Addresses and ranges as Docker's `kind` network and kubeadm hand them out, in the order of the nodes. */
function placeOf(shape: NodeShape, index: number, nodes: readonly NodeShape[]): NodePlace {
  return {
    shape,
    ip: `172.18.0.${index + 2}`,
    podCidr: `10.244.${index}.0/24`,
    tainted: shape.controlPlane && nodes.some((node) => !node.controlPlane),
  };
}

/** The images that a kind node comes with. */
function preload(images: ImagePuller, version: string): void {
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'])
    images.preload(`registry.k8s.io/${name}:${version}`);
  for (const name of [
    'registry.k8s.io/etcd:3.6.8-0',
    'registry.k8s.io/coredns/coredns:v1.14.2',
    'registry.k8s.io/pause:3.10.1',
    'docker.io/kindest/kindnetd:v20260213-ea8e5717',
    'docker.io/kindest/local-path-provisioner:v20260213-ea8e5717',
  ])
    images.preload(name);
}

async function register(
  client: Client,
  place: NodePlace,
  images: ImagePuller,
  { kubernetesVersion, clock }: NodesContext,
): Promise<void> {
  const { name } = place.shape;
  if (client.get<Node>('nodes', undefined, name)) return;
  const draft = nodeObject(place, kubernetesVersion, images.list(), clock);
  const node = await client.create<Node>('nodes', draft);
  if (!node.status?.conditions?.length && draft.status)
    await client.updateStatus<Node>('nodes', { ...node, status: draft.status });
  for (const [reason, message] of [
    ['Starting', 'Starting kubelet.'],
    ['NodeHasSufficientMemory', `Node ${name} status is now: NodeHasSufficientMemory`],
    ['NodeHasNoDiskPressure', `Node ${name} status is now: NodeHasNoDiskPressure`],
    ['NodeHasSufficientPID', `Node ${name} status is now: NodeHasSufficientPID`],
    ['NodeReady', `Node ${name} status is now: NodeReady`],
  ] as const)
    client.note({ about: node, type: 'Normal', reason, message, source: 'kubelet' });
}

async function reportImages(
  client: Client,
  place: NodePlace,
  images: ImagePuller,
  { kubernetesVersion, clock }: NodesContext,
): Promise<void> {
  const list = nodeStatus(place, kubernetesVersion, images.list(), clock).images;
  // Only a list for people to read: the next pull brings what a failed write leaves out.
  await client
    .mergePatch('nodes', undefined, place.shape.name, { status: { images: list } }, 'status')
    .catch(() => {});
}

/** Gives every pod that is bound to one of the nodes its worker, for as long as the pod is in the API server. */
function watchPods(
  client: Client,
  kubelets: ReadonlyMap<string, NodeContext>,
  workers: Map<string, PodWorker>,
  containersRun: boolean,
): () => void {
  let running = containersRun;
  const stop = client.watch<Pod>('pods', ({ type, object }) => {
    const { uid } = object.metadata;
    const worker = workers.get(uid);
    if (type === 'DELETED') {
      worker?.remove();
      workers.delete(uid);
      return;
    }
    if (worker) return worker.update(object);
    const kubelet = kubelets.get(object.spec?.nodeName ?? '');
    if (!kubelet) return;
    const created = new PodWorker(kubelet, object, running);
    workers.set(uid, created);
    created.wake();
  });
  running = false;
  return stop;
}

/** Shows changed ConfigMaps and Secrets in the volumes that are made of them, and empties deleted PersistentVolumes. */
function watchSources(
  client: Client,
  workers: ReadonlyMap<string, PodWorker>,
  files: PersistentFiles,
): (() => void)[] {
  const refresh = (kind: 'configMap' | 'secret') => (event: { type: string; object: ConfigMap | Secret }) => {
    if (event.type !== 'MODIFIED') return;
    const { namespace, name } = event.object.metadata;
    for (const worker of workers.values())
      if (worker.object.metadata.namespace === namespace && worker.shows(kind, name)) worker.refreshVolumes();
  };
  return [
    client.watch<ConfigMap>('configmaps', refresh('configMap')),
    client.watch<Secret>('secrets', refresh('secret')),
    client.watch<PersistentVolume>('persistentvolumes', ({ type, object }) => {
      if (type === 'DELETED') files.delete(object.metadata.name);
    }),
  ];
}
