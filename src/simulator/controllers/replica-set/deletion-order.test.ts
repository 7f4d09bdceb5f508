import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/core-v1.generated.js';
import { choosePodsToDelete } from './deletion-order.js';

const NOW = Date.parse('2026-01-01T12:00:00Z');

interface Traits {
  node?: string;
  ready?: boolean;
  readySince?: string;
  cost?: string;
  restarts?: number;
  created?: string;
}

const pod = (name: string, traits: Traits = {}): Pod => {
  const {
    node = 'n1',
    ready = true,
    readySince = '2026-01-01T00:00:00Z',
    cost,
    restarts = 0,
    created = '2026-01-01T00:00:00Z',
  } = traits;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: created,
      ...(cost !== undefined && { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node !== '' && { nodeName: node }) },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: readySince }],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready, restartCount: restarts }],
    },
  };
};

describe('a scale-down takes first', () => {
  it.each<[string, Traits, Traits]>([
    ['what is on no node', { node: '' }, { ready: false }],
    ['what is not ready', { ready: false }, { cost: '-5' }],
    ['what is cheap to delete', { cost: '-5' }, { node: 'crowded' }],
    ['what is on a crowded node', { node: 'crowded' }, { readySince: '2026-01-01T11:59:00Z' }],
    ['what became ready lately', { readySince: '2026-01-01T11:59:00Z' }, { restarts: 9 }],
    ['what restarted often', { restarts: 9 }, { created: '2026-01-01T11:59:00Z' }],
    ['what is young', { created: '2026-01-01T11:59:00Z' }, {}],
  ])('%s', (_, first, second) => {
    const pods = [pod('plain'), pod('second', second), pod('first', first)];
    const perNode = new Map([['crowded', 5]]);
    expect(choosePodsToDelete(pods, 1, perNode, NOW).map(({ metadata }) => metadata.name)).toEqual(['first']);
  });
});
