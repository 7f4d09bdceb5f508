import { describe, expect, test } from 'vitest';
import type {
  ContainerState,
  ContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
} from '../../api/core-v1.generated.js';
import { printPod } from './pods.js';

const NOW_MS = Date.parse('2026-01-01T01:00:00Z');

function pod(status: PodStatus, spec: Partial<PodSpec> = {}, deletionTimestamp?: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:50:00Z',
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    spec: { containers: [{ name: 'main' }], ...spec },
    status,
  };
}

function container(state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state, ...more };
}

const running = container({ running: {} }, { ready: true });
const init = { initContainers: [{ name: 'a' }, { name: 'b' }] };
const done = container({ terminated: { exitCode: 0, reason: 'Completed' } }, { name: 'a' });

describe('the Ready, Status and Restarts of a pod', () => {
  test.each<[string, Pod, string, string, string]>([
    ['nothing known yet', pod({ phase: 'Pending' }), '0/1', 'Pending', '0'],
    ['running', pod({ phase: 'Running', containerStatuses: [running] }), '1/1', 'Running', '0'],
    [
      'gated',
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      }),
      '0/1',
      'SchedulingGated',
      '0',
    ],
    ['evicted', pod({ phase: 'Failed', reason: 'Evicted' }), '0/1', 'Evicted', '0'],
    [
      'crashing',
      pod({
        phase: 'Running',
        containerStatuses: [
          container(
            { waiting: { reason: 'CrashLoopBackOff' } },
            {
              restartCount: 3,
              lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } },
            },
          ),
        ],
      }),
      '0/1',
      'CrashLoopBackOff',
      '3 (5m ago)',
    ],
    [
      'killed by a signal without a reason',
      pod({ phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 137, signal: 9 } })] }),
      '0/1',
      'Signal:9',
      '0',
    ],
    [
      'completed',
      pod({
        phase: 'Succeeded',
        containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })],
      }),
      '0/1',
      'Completed',
      '0',
    ],
    [
      'one of two containers completed, not ready',
      pod(
        {
          phase: 'Running',
          containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } }), running],
        },
        { containers: [{ name: 'main' }, { name: 'side' }] },
      ),
      '1/2',
      'NotReady',
      '0',
    ],
    [
      'second init container running',
      pod(
        { phase: 'Pending', initContainerStatuses: [done, container({ running: {} }, { name: 'b' })] },
        init,
      ),
      '0/1',
      'Init:1/2',
      '0',
    ],
    [
      'init container failing',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [container({ terminated: { exitCode: 2 } }, { name: 'a', restartCount: 2 })],
          containerStatuses: [container({ waiting: { reason: 'PodInitializing' } })],
        },
        init,
      ),
      '0/1',
      'Init:ExitCode:2',
      '2',
    ],
    [
      'init containers done, main one not started',
      pod(
        {
          phase: 'Pending',
          conditions: [{ type: 'Initialized', status: 'True' }],
          initContainerStatuses: [done, { ...done, name: 'b' }],
          containerStatuses: [container({ waiting: { reason: 'PodInitializing' } })],
        },
        init,
      ),
      '0/1',
      'PodInitializing',
      '0',
    ],
    [
      'a sidecar that is ready counts',
      pod(
        {
          phase: 'Running',
          conditions: [{ type: 'Initialized', status: 'True' }],
          initContainerStatuses: [{ ...running, name: 'a', started: true, restartCount: 1 }],
          containerStatuses: [running],
        },
        { initContainers: [{ name: 'a', restartPolicy: 'Always' }] },
      ),
      '2/2',
      'Running',
      '1',
    ],
    [
      'being deleted',
      pod({ phase: 'Running', containerStatuses: [running] }, {}, '2026-01-01T00:59:00Z'),
      '1/1',
      'Terminating',
      '0',
    ],
    [
      'finished and being deleted',
      pod(
        {
          phase: 'Succeeded',
          containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })],
        },
        {},
        '2026-01-01T00:59:00Z',
      ),
      '0/1',
      'Completed',
      '0',
    ],
    [
      'on a lost node and being deleted',
      pod({ phase: 'Running', reason: 'NodeLost' }, {}, '2026-01-01T00:59:00Z'),
      '0/1',
      'Unknown',
      '0',
    ],
  ])('%s', (_, object, ready, status, restarts) => {
    expect(printPod(object, NOW_MS).slice(1, 4)).toEqual([ready, status, restarts]);
  });

  test('wide columns', () => {
    const object = pod(
      { podIPs: [{ ip: '10.244.0.6' }], conditions: [{ type: 'lb', status: 'True' }] },
      { nodeName: 'node-1', readinessGates: [{ conditionType: 'lb' }, { conditionType: 'dns' }] },
    );
    expect(printPod(object, NOW_MS).slice(4)).toEqual(['10m', '10.244.0.6', 'node-1', '<none>', '1/2']);
  });
});
