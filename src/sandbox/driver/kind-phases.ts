import type { PhaseReport } from './driver.js';

/** What kind calls its steps (`pkg/cluster/internal/create` of kubernetes-sigs/kind), and what we do. */
const PHASES: [title: RegExp, name: string][] = [
  [/^Ensuring node image/, 'node-image'],
  [/^Preparing nodes/, 'prepare-nodes'],
  [/^Writing configuration/, 'configuration'],
  [/^Starting control-plane/, 'control-plane'],
  [/^Installing CNI/, 'cluster-network'],
  [/^Installing StorageClass/, 'storage'],
  [/^Joining worker nodes/, 'join-workers'],
  [/^Waiting .* for control-plane = Ready/, 'wait'],
];

const STATES = { '•': 'running', '✓': 'done', '✗': 'failed' } as const;
const LINE = /^\s*([•✓✗])\s+(.*\S)\s*$/u;

/**
 * Reads one line of kind's standard error as a phase: `• Preparing nodes 📦 ...` begins one, `✓` ends it well, `✗` badly.
 * Undefined for all other lines. A wait that ran out is no failure to kind, nor to us: we ask the cluster ourselves.
 */
export function readKindPhase(line: string): PhaseReport | undefined {
  const [, mark, title = ''] = LINE.exec(line) ?? [];
  const name = PHASES.find(([pattern]) => pattern.test(title))?.[1];
  if (!mark || !name) return undefined;
  const state = STATES[mark as keyof typeof STATES];
  if (name === 'wait' && state === 'failed')
    return { name, state: 'done', message: 'not ready in time, still waiting' };
  return { name, state };
}
