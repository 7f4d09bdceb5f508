import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/api.js';
import {
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runService,
} from '../support/run-service.js';
import { TestTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

interface Lab {
  id: string;
  state: string;
  points: number;
  maxPoints: number;
  reason?: string;
}

/** Process ids of everything that this process started and that still runs. */
function descendants(pid: number): number[] {
  const children = childrenOf(pid);
  return [...children, ...children.flatMap(descendants)];
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    // It ended while we looked.
    return [];
  }
}

describe('a learner does the first lab', () => {
  const dataDirectory = makeDataDirectory();
  let service: RunningService;
  let lab: Lab;
  let terminal: TestTerminal;
  let processesBefore: number;
  const readLab = async () => (await call<Lab>(service, 'GET', `/labs/${lab.id}`)).body;

  const processCount = () => descendants(Number(service.child.pid)).length;

  beforeAll(async () => {
    service = await runService(dataDirectory);
    processesBefore = processCount();
  });

  afterAll(async () => {
    terminal?.drop();
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('starts it and has a cluster within seconds', async () => {
    const answer = await call<Lab>(service, 'POST', '/labs', { body: { scenario: 'expose-a-deployment' } });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/api/v1/labs/${answer.body.id}`);
    lab = answer.body;
    const ready = await waitUntil('the lab to be ready', 30_000, async () => {
      const current = await readLab();
      if (current.state === 'failed') throw new Error(`the lab failed: ${current.reason}`);
      return current.state === 'ready' && current;
    });
    expect(ready.points).toBe(0);
  });

  test('gets no points for an untouched cluster', async () => {
    const { status, body } = await call<{ points: number; passed: boolean }>(
      service,
      'POST',
      `/labs/${lab.id}/grade`,
      {
        body: {},
      },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ points: 0, passed: false });
  });

  test('works in a terminal with the real kubectl', async () => {
    terminal = new TestTerminal(service.url, `/labs/${lab.id}/terminals/1`);
    await terminal.connect();
    terminal.resize(120, 40);
    terminal.type('kubectl get nodes; stty size\n');
    await terminal.expectOutput(/control-plane\s+Ready/);
    await terminal.expectOutput(/40 120/);
  });

  test('loses its connection in the middle, and misses nothing', async () => {
    terminal.type('for i in 1 2 3 4 5 6; do echo "tick-$i-$((i * i))"; sleep 0.3; done\n');
    await terminal.expectOutput(/tick-2-4/);
    terminal.drop();
    await waitUntil('the socket to be gone', 5000, () => terminal.closeCode !== undefined);
    await terminal.connect(terminal.position);
    await terminal.expectOutput(/tick-6-36/);
    const ticks = [...terminal.text.matchAll(/^tick-\d-(\d+)\r$/gm)].map(([, square]) => Number(square));
    expect(ticks).toEqual([1, 4, 9, 16, 25, 36]);
  });

  test('types a solution and is graded with full points', async () => {
    const solutions = new URL('../../scenarios/expose-a-deployment/solutions/', import.meta.url).pathname;
    const [first] = readdirSync(solutions).sort();
    const script = readFileSync(join(solutions, String(first)), 'utf8');
    terminal.type(`cat > solve.sh <<'SOLUTION'\n${script}\nSOLUTION\nbash solve.sh; echo "solved:$?"\n`);
    await terminal.expectOutput(/^solved:0/m, 60_000);
    const grade = await waitUntil('full points', 30_000, async () => {
      const { body } = await call<{ passed: boolean; points: number; maxPoints: number }>(
        service,
        'POST',
        `/labs/${lab.id}/grade`,
        { body: {} },
      );
      return body.passed && body;
    });
    expect(grade.points).toBe(grade.maxPoints);
    expect(await readLab()).toMatchObject({ points: grade.maxPoints });
  });

  test('ends it, and nothing is left', async () => {
    const sandbox = join(dataDirectory, 'sandboxes', lab.id);
    expect(existsSync(sandbox)).toBe(true);
    expect(processCount()).toBeGreaterThan(processesBefore);
    expect((await call(service, 'DELETE', `/labs/${lab.id}`)).status).toBeLessThan(300);
    await waitUntil('the directory to be gone', 20_000, () => !existsSync(sandbox));
    await waitUntil('its processes to be gone', 20_000, () => processCount() <= processesBefore);
    await waitUntil('its terminal to be closed', 20_000, () => terminal.closeCode !== undefined);
    expect(await readLab()).toMatchObject({ state: 'ended' });
  });
});
