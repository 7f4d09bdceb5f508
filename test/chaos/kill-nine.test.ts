import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
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
  reason?: string;
}

const FINAL_OR_READY = ['ready', 'failed', 'ended', 'expired', 'finished'];

describe('the service is killed with SIGKILL', () => {
  const dataDirectory = makeDataDirectory();
  let service: RunningService;
  const start = async () =>
    (await call<Lab>(service, 'POST', '/labs', { body: { scenario: 'roll-an-image' } })).body;
  const read = async (id: string) => (await call<Lab>(service, 'GET', `/labs/${id}`)).body;
  const reach = (id: string, states: string[]) =>
    waitUntil(`lab ${id} to be ${states.join(' or ')}`, 60_000, async () => {
      const lab = await read(id);
      return states.includes(lab.state) && lab;
    });

  afterAll(async () => {
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('and comes back with the labs it had, their clusters and files', { timeout: 180_000 }, async () => {
    service = await runService(dataDirectory);
    const lab = await start();
    await reach(lab.id, ['ready']);
    const before = new TestTerminal(service.url, `/labs/${lab.id}/terminals/1`);
    await before.connect();
    before.type('kubectl create configmap kept --from-literal=a=b; echo kept > note; echo "made:$?"\n');
    await before.expectOutput(/^made:0/m);
    await service.kill();

    service = await runService(dataDirectory);
    await reach(lab.id, ['ready']);
    const after = new TestTerminal(service.url, `/labs/${lab.id}/terminals/1`);
    await waitUntil('a terminal of the restored lab', 30_000, () =>
      after.connect().then(
        () => true,
        () => false,
      ),
    );
    after.type('cat note; kubectl get configmap kept -o jsonpath="{.data.a}"; echo " read:$?"\n');
    await after.expectOutput(/kept\r?\nb read:0/);
    after.drop();
  });

  test('in the middle of making labs, and every one ends in a stated way', { timeout: 180_000 }, async () => {
    const labs = await Promise.all(Array.from({ length: 4 }, start));
    await service.kill();
    service = await runService(dataDirectory);
    for (const { id } of labs) {
      const lab = await reach(id, FINAL_OR_READY);
      if (lab.state === 'failed') expect(lab.reason).toBeTruthy();
    }
  });

  test('in the middle of ending labs, and nothing stays behind', { timeout: 180_000 }, async () => {
    const lab = await start();
    await reach(lab.id, ['ready']);
    await call(service, 'DELETE', `/labs/${lab.id}`);
    await service.kill();
    service = await runService(dataDirectory);
    await reach(lab.id, ['ended']);
    const sandbox = join(dataDirectory, 'sandboxes', lab.id);
    await waitUntil('the sandbox to be gone', 30_000, () => !existsSync(sandbox));
  });

  test('and SIGTERM afterwards leaves no process of it', { timeout: 60_000 }, async () => {
    const postmasterPid = join(dataDirectory, 'postgres', 'postmaster.pid');
    const pid = existsSync(postmasterPid)
      ? Number(readFileSync(postmasterPid, 'utf8').split('\n')[0])
      : undefined;
    expect(await service.stop()).toBe(0);
    if (pid) expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});
