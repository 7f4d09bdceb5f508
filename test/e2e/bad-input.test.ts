import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call } from '../support/api.js';
import { addLearner, startReadyLab } from '../support/labs.js';
import {
  adminToken,
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runService,
} from '../support/run-service.js';
import { waitUntil } from '../support/wait-until.js';

interface Problem {
  code: string;
  status: number;
  detail?: string;
}

const SCENARIO = 'expose-a-deployment';
const scenarios = new URL('../../scenarios/', import.meta.url).pathname;

/** What `api-rules.test.ts` does not try: odd addresses and headers, broken scenarios, missing engines, races. */
describe('input that nobody should send', () => {
  const dataDirectory = makeDataDirectory();
  const folder = join(dataDirectory, 'my-scenarios');
  let service: RunningService;
  let ada: string;

  const ask = (method: string, path: string, token: string, body?: unknown, headers = {}) =>
    call<Problem & { id: string }>(service, method, path, {
      token,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  const labCount = async (token: string) =>
    (await call<{ items: unknown[] }>(service, 'GET', '/labs', { token })).body.items.length;
  const expectProblem = (answer: Answer<Problem>, status: number, code: string | RegExp) => {
    expect(answer).toMatchObject({ status, body: { status, code: expect.stringMatching(code) } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  };
  /** As it is: `fetch` would tidy up the path. */
  const raw = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<{ status: number | undefined; type: string | undefined; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(service.url);
      request(
        { hostname, port, path, method, headers: { authorization: `Bearer ${ada}`, ...headers } },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          answer.on('end', () =>
            resolve({ status: answer.statusCode, type: answer.headers['content-type'], text }),
          );
        },
      )
        .on('error', reject)
        .end();
    });

  beforeAll(async () => {
    for (const name of [SCENARIO, 'roll-an-image']) {
      cpSync(join(scenarios, name), join(folder, name), { recursive: true });
    }
    mkdirSync(join(folder, 'broken'));
    writeFileSync(
      join(folder, 'broken', 'scenario.yaml'),
      'apiVersion: seatrial/v1\nid: broken\ntitle: Broken\nsteps:\n  - id: one\n   title: [unclosed\n',
    );
    service = await runService(dataDirectory, { SEATRIAL_SCENARIOS: folder });
    ada = await addLearner(service, 'ada');
  });

  afterAll(async () => {
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('a scenario that cannot be read is left out and named with its line; the others are served', async () => {
    const { body } = await call<{ items: { id: string }[] }>(service, 'GET', '/scenarios', { token: ada });
    expect(body.items.map(({ id }) => id).sort()).toEqual([SCENARIO, 'roll-an-image']);
    expect(service.output()).toMatch(/broken\/scenario\.yaml:[56]/);
    expectProblem(await ask('POST', '/labs', ada, { scenario: 'broken' }), 404, 'scenario-not-found');
  });

  test('a driver whose engine is missing fails clearly, and costs nothing', async () => {
    const answer = await ask('POST', '/labs', ada, { scenario: SCENARIO, driver: 'kind' });
    if (answer.status === 202) {
      const { id } = answer.body;
      const lab = await waitUntil('the lab to fail', 30_000, async () => {
        const { body } = await call<{ state: string; reason?: string }>(service, 'GET', `/labs/${id}`, {
          token: ada,
        });
        return body.state === 'failed' && body;
      });
      expect(lab.reason).toMatch(/kind|docker|podman|engine|driver/i);
    } else {
      expectProblem(answer, answer.status, 'driver-unavailable');
      expect(answer.body.detail).toMatch(/kind|docker|podman|engine/i);
      expect(await labCount(ada)).toBe(0);
    }
  });

  const traversals = [
    '..',
    '../..',
    '..%2f..%2f..%2fetc%2fpasswd',
    '%2e%2e%2fsecret',
    '..%5c..',
    '%00',
    'a%00b',
    "'--",
    '*',
  ];
  const places = [
    '/labs/ID',
    '/labs/ID/objects',
    '/labs/ID/kubeconfig',
    '/labs/ID/events',
    '/labs/ID/cluster/ID/api',
    '/scenarios/ID',
    '/users/ID',
  ];
  test.each(traversals)('the id %s leads nowhere', async (id) => {
    for (const place of places) {
      const path = `/api/v1${place.replaceAll('ID', id)}`;
      const { status, text } = await raw(path);
      expect([path, Number(status)], text).toEqual([
        path,
        expect.toSatisfy((code: number) => code >= 400 && code < 500),
      ]);
      expect(text).not.toMatch(/root:|SyntaxError|node_modules|prisma/i);
    }
    for (const [method, path] of [
      ['DELETE', '/labs/ID'],
      ['POST', '/labs/ID/grade'],
      ['POST', '/labs/ID/reset'],
      ['DELETE', '/tokens/ID'],
      ['POST', '/users/ID/sign-in-links'],
    ] as const) {
      const authorization = `Bearer ${adminToken}`;
      const { status } = await raw(`/api/v1${path.replace('ID', id)}`, { authorization }, method);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
  });

  test('files of the page cannot be used to read others', async () => {
    for (const path of [
      '/../package.json',
      '/..%2fpackage.json',
      '/assets/..%2f..%2fpackage.json',
      '/.data/secret',
      '/%2e%2e/%2e%2e/etc/passwd',
    ]) {
      expect((await raw(path)).text).not.toMatch(/"dependencies"|root:x/);
    }
  });

  test('headers of a megabyte, an endless address and a body that is no object are refused', async () => {
    // Who still sends while the refusal is on its way may hear of the end of the connection first.
    const refused = [431, 'ECONNRESET', 'EPIPE'];
    const statusOf = (sent: ReturnType<typeof raw>) =>
      sent.then(
        ({ status }) => status,
        ({ code }) => code,
      );
    expect(refused).toContain(await statusOf(raw('/api/v1/me', { 'x-long': 'a'.repeat(1024 ** 2) })));
    expect(refused).toContain(await statusOf(raw(`/api/v1/labs?x=${'a'.repeat(64 * 1024)}`)));
    for (const body of [
      [],
      'text',
      7,
      null,
      { scenario: 7 },
      { scenario: ['x'] },
      { scenario: SCENARIO, __proto__: 1, x: 1 },
    ]) {
      expectProblem(
        await ask('POST', '/labs', ada, body),
        body === null || typeof body !== 'object' ? 400 : 422,
        /bad-request|validation-failed/,
      );
    }
    expectProblem(
      await ask('POST', '/labs', ada, { scenario: 'x'.repeat(100_000) }),
      422,
      /validation-failed/,
    );
    expect((await ask('GET', '/me', ada)).status).toBe(200);
  });

  test('an Idempotency-Key that is none is refused, and one of another user is another key', async () => {
    const before = await labCount(ada);
    for (const key of ['', ' ', 'a b', 'k'.repeat(201)]) {
      expectProblem(
        await ask('POST', '/labs', ada, { scenario: SCENARIO }, { 'idempotency-key': key }),
        400,
        'bad-request',
      );
    }
    expect(await labCount(ada)).toBe(before);
    const bob = await addLearner(service, 'bob');
    const headers = { 'idempotency-key': 'first' };
    const mine = await ask('POST', '/labs', ada, { scenario: SCENARIO }, headers);
    const theirs = await ask('POST', '/labs', bob, { scenario: SCENARIO }, headers);
    expect([mine.status, theirs.status]).toEqual([202, 202]);
    expect(theirs.body.id).not.toBe(mine.body.id);
    expect((await ask('POST', '/labs', ada, { scenario: SCENARIO }, headers)).body.id).toBe(mine.body.id);
    await ask('DELETE', `/labs/${mine.body.id}`, ada);
    await ask('DELETE', `/labs/${theirs.body.id}`, bob);
  });

  test('ten requests at once make as many labs as are allowed, also while some end', async () => {
    const carol = await addLearner(service, 'carol');
    const race = () =>
      Promise.all(Array.from({ length: 10 }, () => ask('POST', '/labs', carol, { scenario: SCENARIO })));
    const first = await race();
    expect(first.map(({ status }) => status).sort()).toEqual([...Array(3).fill(202), ...Array(7).fill(409)]);
    for (const answer of first.filter(({ status }) => status === 409))
      expectProblem(answer, 409, 'lab-limit-reached');
    const made = first.filter(({ status }) => status === 202).map(({ body }) => body.id);
    await Promise.all(made.map((id) => ask('DELETE', `/labs/${id}`, carol)));
    const second = await race();
    expect(second.filter(({ status }) => status === 202)).toHaveLength(3);
    for (const { status, body } of second) if (status === 202) await ask('DELETE', `/labs/${body.id}`, carol);
  });

  test('numbers, kinds, steps and durations that are none', async () => {
    for (const name of ['', ' ', 'a\0b', 'two\nlines', 'x'.repeat(101), 7]) {
      expectProblem(await ask('POST', '/users', adminToken, { name }), 422, 'validation-failed');
      expectProblem(await ask('POST', '/tokens', ada, { name }), 422, 'validation-failed');
    }
    const id = await startReadyLab(service, adminToken);
    const before = (await ask('GET', `/labs/${id}`, adminToken)).body;
    for (const [path, body, status] of [
      ['extend', { minutes: -5 }, 422],
      ['extend', { minutes: 1e9 }, 422],
      ['extend', { minutes: '5' }, 422],
      ['grade', { step: 'no-such' }, 422],
      ['hints', { step: '../inside' }, 422],
      ['hints', {}, 422],
      ['clock', { advance: '5 parsecs' }, 422],
      ['clock', { advance: '-5m' }, 422],
      ['clock', { advance: '999999h' }, 422],
    ] as const) {
      const answer = await ask('POST', `/labs/${id}/${path}`, adminToken, body);
      expect([path, body, answer.status]).toEqual([path, body, status]);
      expect(answer.body.code).toMatch(/^[a-z-]+$/);
    }
    for (const kinds of ['Secret,Pod', 'constructor', '__proto__', ',', 'Pod&kinds=Secret']) {
      const answer = await ask('GET', `/labs/${id}/objects?kinds=${kinds}`, adminToken);
      expectProblem(answer, 422, 'validation-failed');
    }
    expect((await ask('GET', `/labs/${id}/objects?kinds=Pod&kinds=Node`, adminToken)).status).toBe(200);
    expect((await ask('GET', `/labs/${id}`, adminToken)).body).toEqual(before);
  });
});
