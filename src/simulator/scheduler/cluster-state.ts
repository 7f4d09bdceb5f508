import type { Node, Pod } from '../api/core-v1.generated.js';
import type { Client } from '../client.js';
import { isPodFinished } from '../controllers/shared/pod-state.js';
import { NodeInfo } from './node-info.js';
import { priorityOf } from './priority.js';

/** What filters and scores look at: the nodes with their pods, and the rest of the cluster through the client. */
export interface ClusterView {
  nodes: readonly NodeInfo[];
  client: Client;
}

/** Follows nodes and bound pods, so that scheduling a pod costs no look at all other pods. */
export class ClusterState implements ClusterView {
  private readonly infos = new Map<string, NodeInfo>();
  /** Bound pods of nodes that are not there (yet). */
  private readonly homeless = new Map<string, Pod>();
  /** Pods that made room on a node and wait for it, by uid. */
  private readonly nominated = new Map<string, Pod>();
  private sorted: NodeInfo[] | undefined;

  constructor(readonly client: Client) {}

  /** By name. */
  get nodes(): readonly NodeInfo[] {
    this.sorted ??= [...this.infos.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.sorted;
  }

  putNode(node: Node): void {
    const { name } = node.metadata;
    const info = this.infos.get(name)?.on(node) ?? new NodeInfo(node);
    for (const [uid, pod] of this.homeless) {
      if (pod.spec.nodeName !== name) continue;
      info.add(pod);
      this.homeless.delete(uid);
    }
    this.infos.set(name, info);
    this.sorted = undefined;
  }

  removeNode(name: string): void {
    for (const pod of this.infos.get(name)?.pods ?? []) this.homeless.set(pod.metadata.uid, pod);
    this.infos.delete(name);
    this.sorted = undefined;
  }

  /** Finished pods use nothing any more. */
  putPod(pod: Pod): void {
    const { nodeName } = pod.spec;
    if (!nodeName) return;
    if (isPodFinished(pod)) this.removePod(pod);
    else if (this.infos.has(nodeName)) this.infos.get(nodeName)?.add(pod);
    else this.homeless.set(pod.metadata.uid, pod);
  }

  noteNominated(pod: Pod): void {
    if (pod.status?.nominatedNodeName) this.nominated.set(pod.metadata.uid, pod);
  }

  forgetNominated(pod: Pod): void {
    this.nominated.delete(pod.metadata.uid);
  }

  /** The cluster as `pod` has to see it: room that was made for pods no less important is taken. */
  withNominated(pod: Pod): ClusterView {
    let view: ClusterView = this;
    for (const other of this.nominated.values()) {
      if (other.metadata.uid === pod.metadata.uid || priorityOf(other) < priorityOf(pod)) continue;
      const node = view.nodes.find(({ name }) => name === other.status?.nominatedNodeName);
      if (node) view = viewWith(view, node.with(other));
    }
    return view;
  }

  removePod(pod: Pod): void {
    this.infos.get(pod.spec.nodeName ?? '')?.remove(pod);
    this.homeless.delete(pod.metadata.uid);
  }
}

/** The cluster as it would be with another state of one node. */
export function viewWith(view: ClusterView, changed: NodeInfo): ClusterView {
  return {
    client: view.client,
    nodes: view.nodes.map((node) => (node.name === changed.name ? changed : node)),
  };
}
