import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/api.js';
import {
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runHost,
  runService,
} from '../support/run-service.js';
import { TestTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

describe('an api process and a host process', () => {
  const dataDirectory = makeDataDirectory();
  let host: Awaited<ReturnType<typeof runHost>>;
  let api: RunningService;
  let id: string;
  const startApi = () => runService(dataDirectory, { SEATRIAL_ROLES: 'api' });

  beforeAll(async () => {
    host = await runHost(dataDirectory);
    api = await startApi();
  });

  afterAll(async () => {
    await api?.stop();
    await host?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('make a lab together', async () => {
    const made = await call<{ id: string }>(api, 'POST', '/labs', {
      body: { scenario: 'expose-a-deployment' },
    });
    expect(made.status).toBe(202);
    id = made.body.id;
    await waitUntil('the lab to be ready', 60_000, async () => {
      const { body } = await call<{ state: string; reason?: string }>(api, 'GET', `/labs/${id}`);
      if (body.state === 'failed') throw new Error(body.reason);
      return body.state === 'ready';
    });
  });

  test('keep the terminal over a restart of the api process, without a gap', async () => {
    const before = new TestTerminal(api.url, `/labs/${id}/terminals/1`);
    await before.connect();
    before.type('for i in 1 2 3 4 5 6 7 8; do echo "tick-$i-$((i * i))"; sleep 0.5; done\n');
    await before.expectOutput(/tick-2-4/);
    await api.kill();
    await waitUntil('the terminal to be cut', 5_000, () => before.closeCode !== undefined);

    api = await startApi();
    const after = new TestTerminal(api.url, `/labs/${id}/terminals/1`);
    await after.connect(before.position);
    await after.expectOutput(/tick-8-64/);
    after.drop();
    const ticks = [...(before.text + after.text).matchAll(/^tick-\d-(\d+)\r$/gm)].map(([, square]) =>
      Number(square),
    );
    expect(ticks).toEqual([1, 4, 9, 16, 25, 36, 49, 64]);
  });

  test('grade and end the lab', async () => {
    const grade = await call<{ passed: boolean }>(api, 'POST', `/labs/${id}/grade`, { body: {} });
    expect(grade).toMatchObject({ status: 200, body: { passed: false } });
    expect((await call(api, 'DELETE', `/labs/${id}`)).status).toBe(202);
    await waitUntil('the slot to be free', 20_000, async () => {
      const { body } = await call<{ items: { usedSlots: number }[] }>(api, 'GET', '/admin/hosts');
      return body.items[0]?.usedSlots === 0;
    });
  });
});
