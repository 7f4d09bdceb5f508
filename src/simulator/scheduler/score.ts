import type { Pod } from '../api/core-v1.generated.js';
import type { ClusterView } from './cluster-state.js';
import type { NodeInfo } from './node-info.js';

/** Rates every candidate node for a pod, in any unit; undefined when it has no opinion. */
export type Score = (pod: Pod, candidates: readonly NodeInfo[], cluster: ClusterView) => number[] | undefined;
