import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call } from '../support/api.js';
import {
  adminToken,
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
  expiresAt: string;
  driver: string;
}

interface Problem {
  code: string;
  status: number;
  errors?: { path: string; message: string }[];
}

const SCENARIO = 'expose-a-deployment';

describe('the rules of the API', () => {
  const dataDirectory = makeDataDirectory();
  let service: RunningService;
  let ada: string;
  let bob: string;

  const ask = <T = Problem>(method: string, path: string, token: string, body?: unknown, headers = {}) =>
    call<T>(service, method, path, { token, headers, ...(body === undefined ? {} : { body }) });
  const startLab = async (token: string) =>
    (await ask<Lab>('POST', '/labs', token, { scenario: SCENARIO })).body;
  const endLab = (id: string, token: string) => ask('DELETE', `/labs/${id}`, token);
  const untilReady = (id: string, token: string) =>
    waitUntil('the lab to be ready', 60_000, async () => {
      const { body } = await ask<Lab & { reason?: string }>('GET', `/labs/${id}`, token);
      if (body.state === 'failed') throw new Error(body.reason);
      return body.state === 'ready';
    });
  const addLearner = async (name: string) =>
    (await ask<{ token: string }>('POST', '/users', adminToken, { name })).body.token;
  const expectProblem = (answer: Answer<Problem>, status: number, code: string) => {
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  };

  beforeAll(async () => {
    service = await runService(dataDirectory);
    ada = await addLearner('ada');
    bob = await addLearner('bob');
  });

  afterAll(async () => {
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('bad input gets a clear answer and changes nothing', async () => {
    const before = (await ask<{ items: Lab[] }>('GET', '/labs', ada)).body.items.length;
    expectProblem(await ask('POST', '/labs', ada, { scenario: 'no-such' }), 404, 'scenario-not-found');
    const wrongDriver = await ask('POST', '/labs', ada, { scenario: SCENARIO, driver: 'k3s' });
    expectProblem(wrongDriver, 422, 'validation-failed');
    expect(wrongDriver.body.errors).toEqual([{ path: 'driver', message: 'must be simulated or kind' }]);
    const unknownField = await ask('POST', '/labs', ada, { scenario: SCENARIO, hosts: 2 });
    expect(unknownField.body.errors?.[0]?.path).toBe('hosts');
    expectProblem(await ask('POST', '/labs', ada), 422, 'validation-failed');
    expectProblem(await ask('GET', '/labs/not-an-id', ada), 404, 'lab-not-found');
    expectProblem(await ask('GET', '/labs/aaaaaaaaaaaaaaaa', ada), 404, 'lab-not-found');
    expectProblem(await ask('GET', '/labs/%E0%A4%A', ada), 400, 'bad-request');
    expectProblem(await ask('GET', '/nothing', ada), 404, 'not-found');
    expect((await ask<{ items: Lab[] }>('GET', '/labs', ada)).body.items).toHaveLength(before);
  });

  test.each([
    ['broken JSON', '{"scenario":', 'application/json', 400, 'bad-request'],
    ['another media type', 'scenario=x', 'text/plain', 415, 'unsupported-media-type'],
    ['10 MiB', `"${'a'.repeat(10 * 1024 ** 2)}"`, 'application/json', 413, 'payload-too-large'],
  ])('a body that is %s is refused', async (_name, body, type, status, code) => {
    const answer = await fetch(`${service.url}/api/v1/labs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada}`, 'content-type': type },
      body,
    });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, requestId: answer.headers.get('x-request-id') });
  });

  test('a call without a valid token is 401, one that the role does not allow 403', async () => {
    expect((await fetch(`${service.url}/api/v1/me`)).status).toBe(401);
    expectProblem(await ask('GET', '/me', 'st_wrong'), 401, 'unauthenticated');
    expectProblem(await ask('GET', '/users', ada), 403, 'forbidden');
    expectProblem(await ask('GET', '/admin/hosts', ada), 403, 'forbidden');
    expect((await ask('GET', '/me', ada)).body).toMatchObject({ name: 'ada', role: 'learner' });
  });

  test('what is not yours does not exist', async () => {
    const { id } = await startLab(ada);
    await untilReady(id, ada);
    for (const [method, path, body] of [
      ['GET', ''],
      ['GET', '/events'],
      ['GET', '/kubeconfig'],
      ['GET', '/objects'],
      ['POST', '/grade', {}],
      ['POST', '/extend', {}],
      ['POST', '/reset'],
      ['POST', '/clock', { advance: '5m' }],
      ['POST', '/hints', { step: 'x' }],
      ['DELETE', ''],
    ] as const) {
      expectProblem(await ask(method, `/labs/${id}${path}`, bob, body), 404, 'lab-not-found');
    }
    const terminal = new TestTerminal(service.url, `/labs/${id}/terminals/1`, bob);
    await expect(terminal.connect()).rejects.toThrow('404');
    expect((await ask<Lab>('GET', `/labs/${id}`, ada)).body.state).toBe('ready');
    await endLab(id, ada);
  });

  test('a revoked token closes the terminals it opened', async () => {
    const { id } = await startLab(ada);
    await untilReady(id, ada);
    const created = await ask<{ id: string; token: string }>('POST', '/tokens', ada, { name: 'laptop' });
    const terminal = new TestTerminal(service.url, `/labs/${id}/terminals/1`, created.body.token);
    const other = new TestTerminal(service.url, `/labs/${id}/terminals/1`, ada);
    await terminal.connect();
    await other.connect();
    expect((await ask('DELETE', `/tokens/${created.body.id}`, ada)).status).toBe(204);
    await waitUntil('the terminal to be closed', 10_000, () => terminal.closeCode !== undefined);
    expect(other.closeCode).toBeUndefined();
    expectProblem(await ask('GET', '/me', created.body.token), 401, 'unauthenticated');
    await endLab(id, ada);
    await waitUntil('the other terminal to be closed', 20_000, () => other.closeCode !== undefined);
    expectProblem(await ask('POST', `/labs/${id}/grade`, ada, {}), 409, 'lab-ended');
  });

  test('an Idempotency-Key makes a repeated request one request', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const body = { scenario: SCENARIO };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask<Lab>('POST', '/labs', bob, body, headers)),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    const ids = new Set(answers.map(({ body: lab }) => lab.id));
    expect(ids.size).toBe(1);
    expect(answers.map((answer) => answer.headers.get('location'))).toEqual(
      answers.map(({ body: lab }) => `/api/v1/labs/${lab.id}`),
    );
    const other = await ask('POST', '/labs', bob, { scenario: 'roll-an-image' }, headers);
    expectProblem(other, 409, 'idempotency-conflict');
    const [id = ''] = ids;
    await endLab(id, bob);
  });

  test('a learner has at most three labs at once, also when asking for many at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => ask<Lab & Problem>('POST', '/labs', bob, { scenario: SCENARIO })),
    );
    const made = answers.filter(({ status }) => status === 202);
    expect(made).toHaveLength(3);
    for (const refused of answers.filter(({ status }) => status !== 202)) {
      expectProblem(refused, 409, 'lab-limit-reached');
    }
    const [first] = made;
    await endLab(first?.body.id ?? '', bob);
    const again = await startLab(bob);
    expect(again.state).toBe('queued');
    for (const { body } of [...made, { body: again }]) await endLab(body.id, bob);
  });

  test('events are numbered, come again after a number, and end with the lab', async () => {
    const { id } = await startLab(ada);
    await untilReady(id, ada);
    await ask('POST', `/labs/${id}/extend`, ada, { minutes: 5 });
    await endLab(id, ada);
    const read = async (after?: number) => {
      const answer = await fetch(`${service.url}/api/v1/labs/${id}/events`, {
        headers: {
          authorization: `Bearer ${ada}`,
          ...(after === undefined ? {} : { 'last-event-id': String(after) }),
        },
        signal: AbortSignal.timeout(20_000),
      });
      const numbers = [...(await answer.text()).matchAll(/^id: (\d+)\nevent: (\w+)$/gm)];
      return { status: answer.status, events: numbers.map(([, number, type]) => `${number} ${type}`) };
    };
    const all = await read();
    expect(all.events.map((event) => Number(event.split(' ')[0]))).toEqual(
      all.events.map((_, index) => index + 1),
    );
    expect(all.events.filter((event) => event.endsWith('extended'))).toHaveLength(1);
    expect(all.events.at(-1)).toMatch(/ state$/);
    expect((await read(3)).events).toEqual(all.events.slice(3));
    expect((await read(all.events.length)).status).toBe(204);
  });

  test('a lab can be extended up to a limit', async () => {
    const { id, expiresAt } = await startLab(ada);
    const extended = await ask<Lab>('POST', `/labs/${id}/extend`, ada, { minutes: 43_200 });
    expect(Date.parse(extended.body.expiresAt)).toBeGreaterThan(Date.parse(expiresAt));
    expectProblem(await ask('POST', `/labs/${id}/extend`, ada, {}), 409, 'extension-limit-reached');
    await endLab(id, ada);
    expectProblem(await ask('POST', `/labs/${id}/extend`, ada, {}), 409, 'lab-ended');
  });

  test('the sign-in link works once, and the cookie only for our own page', async () => {
    const code = /#\/sign-in\?code=(\S+)/.exec(service.output())?.[1];
    const signIn = () =>
      fetch(`${service.url}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: service.url },
        body: JSON.stringify({ code }),
      });
    const signedIn = await signIn();
    expect(signedIn.status).toBe(201);
    expect((await signIn()).status).toBe(401);
    const setCookie = signedIn.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/HttpOnly/);
    expect(setCookie).toMatch(/SameSite=Lax/);
    const [cookie = ''] = setCookie.split(';');

    const create = (origin: string, withCookie = cookie) =>
      fetch(`${service.url}/api/v1/tokens`, {
        method: 'POST',
        headers: { cookie: withCookie, origin, 'content-type': 'application/json' },
        body: '{}',
      });
    expect((await create(service.url)).status).toBe(201);
    expect((await create('http://evil.example')).status).toBe(403);
    expect((await create(service.url, `${cookie}x`)).status).toBe(401);
    const out = await fetch(`${service.url}/api/v1/sessions/current`, {
      method: 'DELETE',
      headers: { cookie, origin: service.url },
    });
    expect(out.status).toBe(204);
    expect((await create(service.url)).status).toBe(401);
  });

  test('the API describes itself and tells no secrets of scenarios', async () => {
    const answer = await fetch(`${service.url}/api/openapi.json`);
    const document = (await answer.json()) as { paths: Record<string, unknown> };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/labs', '/api/v1/labs/{id}/grade', '/api/v1/scenarios/{id}']),
    );
    const scenario = JSON.stringify((await ask('GET', `/scenarios/${SCENARIO}`, ada)).body);
    for (const secret of ['solutions', 'mutants', 'setup', 'expect', 'cel']) {
      expect(scenario).not.toContain(`"${secret}"`);
    }
    const page = await fetch(`${service.url}/api/docs`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  });
});

describe('wrong settings', () => {
  test('are all named at once, and the program ends with 1', async () => {
    const folder = makeDataDirectory();
    const start = runService(folder, {
      SEATRIAL_ROLES: 'cook',
      SEATRIAL_DRIVER: 'k3s',
      SEATRIAL_LOG_LEVEL: 'loud',
    });
    await expect(start).rejects.toThrow(
      /ended with 1[\s\S]*SEATRIAL_ROLES[\s\S]*SEATRIAL_DRIVER[\s\S]*SEATRIAL_LOG_LEVEL/,
    );
    removeDataDirectory(folder);
  });
});
