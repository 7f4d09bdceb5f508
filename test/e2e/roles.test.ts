import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres } from '../../src/common/embedded/postgres.js';
import { startRedis } from '../../src/common/embedded/redis.js';
import { call } from '../support/api.js';
import { startReadyLab } from '../support/labs.js';
import {
  adminToken,
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runHost,
  runService,
} from '../support/run-service.js';
import { TestTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

/** As on several machines: nothing is shared but the database, the queue, the secret and the network. */
describe('one host process and two api processes', () => {
  const folders = { shared: makeDataDirectory(), host: makeDataDirectory(), api: makeDataDirectory() };
  const stops: (() => Promise<unknown>)[] = [];
  let settings: Record<string, string>;
  let one: RunningService;
  let two: RunningService;
  let lab: string;

  const startApi = async () => {
    const api = await runService(folders.api, { ...settings, SEATRIAL_ROLES: 'api' });
    stops.push(() => api.stop());
    return api;
  };

  beforeAll(async () => {
    const [postgres, redis] = await Promise.all([
      startPostgres(join(folders.shared, 'postgres')),
      startRedis(join(folders.shared, 'redis')),
    ]);
    stops.push(postgres.stop, redis.stop);
    const secret = 'a secret that all machines of the installation know';
    settings = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, SEATRIAL_SECRET: secret };
    const host = await runHost(folders.host, settings);
    stops.push(host.stop);
    [one, two] = await Promise.all([startApi(), startApi()]);
    lab = await startReadyLab(one);
  });

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
    for (const folder of Object.values(folders)) removeDataDirectory(folder);
  });

  /** Reads a lab's events until one of them matches; resolves with all as `number type`. */
  async function readEvents(service: RunningService, until: RegExp, lastEventId?: string): Promise<string[]> {
    const answer = await fetch(`${service.url}/api/v1/labs/${lab}/events`, {
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
      signal: AbortSignal.timeout(20_000),
    });
    let text = '';
    const events = () =>
      [...text.matchAll(/^id: (\d+)\nevent: (\w+)$/gm)].map(([, number, type]) => `${number} ${type}`);
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (events().some((event) => until.test(event))) break;
    }
    return events();
  }

  test('both serve a lab and its terminal', async () => {
    const terminals = [one, two].map((api) => new TestTerminal(api.url, `/labs/${lab}/terminals/1`));
    for (const terminal of terminals) await terminal.connect();
    terminals[0]?.type('echo from-$((40 + 2))\n');
    for (const terminal of terminals) await terminal.expectOutput(/^from-42\r$/m);
    for (const terminal of terminals) terminal.drop();
    for (const api of [one, two]) {
      const { status, body } = await call<{ passed: boolean }>(api, 'POST', `/labs/${lab}/grade`, {
        body: {},
      });
      expect({ status, passed: body.passed }).toEqual({ status: 200, passed: false });
    }
  });

  test('events go on from one to the other without a gap', async () => {
    const following = readEvents(two, / extended$/);
    await call(one, 'POST', `/labs/${lab}/extend`, { body: { minutes: 1 } });
    const all = await following;
    expect(all.map((event) => Number(event.split(' ')[0]))).toEqual(all.map((_, index) => index + 1));
    for (const last of [0, 1, Math.floor(all.length / 2), all.length - 1]) {
      expect(await readEvents(one, / extended$/, String(last))).toEqual(all.slice(last));
    }
  });

  test.each([
    ['stopped', 'SIGTERM'],
    ['killed', 'SIGKILL'],
  ] as const)('an api process is %s while a terminal prints: nothing is lost', async (_how, signal) => {
    const before = new TestTerminal(two.url, `/labs/${lab}/terminals/2`);
    await before.connect();
    await before.run('stty -echo; PS1=');
    const start = before.position;
    before.type(
      'for i in $(seq 4000); do echo "tick $i"; (( i % 200 )) || sleep 0.1; done; echo over-$((1))\n',
    );
    await waitUntil('some output', 10_000, () => before.position > start + 3_000);
    const gone = new Promise((resolve) => two.child.once('exit', resolve));
    two.child.kill(signal);
    await gone;
    await waitUntil('the terminal to be cut', 5_000, () => before.closeCode !== undefined);

    // The other process is there at once; the one that comes anew serves the same.
    const between = new TestTerminal(one.url, `/labs/${lab}/terminals/2`);
    await between.connect(before.position);
    await waitUntil('more output', 10_000, () => between.position > before.position + 3_000);
    between.drop();
    two = await startApi();
    const after = new TestTerminal(two.url, `/labs/${lab}/terminals/2`);
    await after.connect(between.position);
    await after.expectOutput(/over-1/);
    const fresh = before.bytes.subarray(start - (before.firstPosition ?? 0));
    const output = Buffer.concat([fresh, between.bytes, after.bytes]).toString();
    const ticks = [...output.matchAll(/^tick (\d+)\r$/gm)].map(([, number]) => Number(number));
    expect(ticks).toEqual(Array.from({ length: 4000 }, (_, index) => index + 1));
    after.drop();
  });

  test('a token that one revokes closes the terminal that the other opened', async () => {
    const { body } = await call<{ id: string; token: string }>(one, 'POST', '/tokens', { body: {} });
    const terminal = new TestTerminal(two.url, `/labs/${lab}/terminals/1`, body.token);
    await terminal.connect();
    await call(one, 'DELETE', `/tokens/${body.id}`);
    await waitUntil('the terminal to be closed', 2_500, () => terminal.closeCode !== undefined);
  });

  test('ten labs asked of both at once are made, once each', async () => {
    const key = { 'idempotency-key': 'one-for-both' };
    const body = { scenario: 'expose-a-deployment' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        call<{ id: string }>(index % 2 ? one : two, 'POST', '/labs', { body, headers: index < 4 ? key : {} }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202));
    const ids = [...new Set(answers.map(({ body: made }) => made.id))];
    expect(ids).toHaveLength(7);
    await waitUntil('all to be ready', 60_000, async () => {
      const states = await Promise.all(
        ids.map(async (id) => (await call<{ state: string }>(one, 'GET', `/labs/${id}`)).body.state),
      );
      return states.every((state) => state === 'ready');
    });
    for (const id of [...ids, lab]) await call(two, 'DELETE', `/labs/${id}`);
    await waitUntil('all slots to be free', 30_000, async () => {
      const { body: hosts } = await call<{ items: { usedSlots: number }[] }>(one, 'GET', '/admin/hosts');
      return hosts.items[0]?.usedSlots === 0;
    });
  });
});
