import type { Node, Pod } from '../api/core-v1.generated.js';
import { controllerOf } from '../controllers/shared/owner-references.js';
import {
  addResources,
  nominalRequests,
  parseResources,
  podRequests,
  type Resources,
} from './pod-resources.js';

interface PlacedPod {
  pod: Pod;
  requests: Resources;
  nominal: Resources;
}

/** A node with the pods that are bound to it and what they leave. */
export class NodeInfo {
  readonly allocatable: Resources;
  private readonly placed = new Map<string, PlacedPod>();
  private readonly byController = new Map<string, number>();
  /** Those that must not have certain others near. */
  private readonly shy = new Map<string, Pod>();
  private requestedNow: Resources = {};
  private nominalNow: Resources = {};

  constructor(readonly node: Node) {
    this.allocatable = parseResources(node.status?.allocatable);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  get pods(): Pod[] {
    return [...this.placed.values()].map(({ pod }) => pod);
  }

  /** Those with required anti-affinity. */
  get avoidingPods(): Iterable<Pod> {
    return this.shy.values();
  }

  get podCount(): number {
    return this.placed.size;
  }

  get requested(): Readonly<Resources> {
    return this.requestedNow;
  }

  /** With nominal amounts for containers without requests. */
  get nominallyRequested(): Readonly<Resources> {
    return this.nominalNow;
  }

  /** How many of its pods this controller owns. */
  countControlledBy(ownerUid: string): number {
    return this.byController.get(ownerUid) ?? 0;
  }

  label(key: string): string | undefined {
    return this.node.metadata.labels?.[key];
  }

  /** Puts a pod on the node, or replaces it by its newer state. */
  add(pod: Pod): void {
    this.remove(pod);
    const placed = { pod, requests: podRequests(pod), nominal: nominalRequests(pod) };
    this.placed.set(pod.metadata.uid, placed);
    this.countController(pod, 1);
    if (pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution) {
      this.shy.set(pod.metadata.uid, pod);
    }
    this.requestedNow = addResources(this.requestedNow, placed.requests);
    this.nominalNow = addResources(this.nominalNow, placed.nominal);
  }

  remove(pod: Pod): void {
    const placed = this.placed.get(pod.metadata.uid);
    if (!placed) return;
    this.placed.delete(pod.metadata.uid);
    this.shy.delete(pod.metadata.uid);
    this.countController(placed.pod, -1);
    this.requestedNow = addResources(this.requestedNow, placed.requests, -1);
    this.nominalNow = addResources(this.nominalNow, placed.nominal, -1);
  }

  /** The same pods on a newer state of the node. */
  on(node: Node): NodeInfo {
    const info = new NodeInfo(node);
    for (const { pod } of this.placed.values()) info.add(pod);
    return info;
  }

  /** The node as it would be with this pod. */
  with(pod: Pod): NodeInfo {
    const info = this.on(this.node);
    info.add(pod);
    return info;
  }

  /** The node as it would be without these pods. */
  without(pods: readonly Pod[]): NodeInfo {
    const info = this.on(this.node);
    for (const pod of pods) info.remove(pod);
    return info;
  }

  private countController(pod: Pod, change: 1 | -1): void {
    const owner = controllerOf(pod)?.uid;
    if (owner === undefined) return;
    const count = this.countControlledBy(owner) + change;
    if (count > 0) this.byController.set(owner, count);
    else this.byController.delete(owner);
  }
}
