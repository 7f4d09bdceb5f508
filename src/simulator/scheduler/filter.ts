import type { Pod } from '../api/core-v1.generated.js';
import type { ClusterView } from './cluster-state.js';
import type { NodeInfo } from './node-info.js';

/** Why a pod cannot go to a node, in the scheduler's words; `final` when removing other pods would not help. */
export interface Rejection {
  reasons: string[];
  final: boolean;
}

export type NodeFilter = (node: NodeInfo) => Rejection | undefined;

/** Prepares the test of every node for one pod; undefined when it has nothing to test. Throws `PodRejected`. */
export type Filter = (pod: Pod, cluster: ClusterView) => NodeFilter | undefined;

/** No node will do, whatever its state: something the pod needs is missing. */
export class PodRejected extends Error {
  override name = 'PodRejected';
}

/** Rejected, until other pods make room. */
export const rejected = (...reasons: string[]): Rejection => ({ reasons, final: false });

/** Rejected, whatever other pods do. */
export const rejectedForGood = (...reasons: string[]): Rejection => ({ reasons, final: true });
