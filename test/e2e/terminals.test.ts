import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { call } from '../support/api.js';
import { addLearner, startReadyLab } from '../support/labs.js';
import {
  adminToken,
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runService,
} from '../support/run-service.js';
import { TestTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

const MEBIBYTE = 1024 ** 2;

describe('the terminals of a lab', () => {
  const dataDirectory = makeDataDirectory();
  const opened: TestTerminal[] = [];
  let service: RunningService;
  let lab: string;

  const open = async (number: number, options: { token?: string; after?: number } = {}) => {
    const terminal = new TestTerminal(service.url, `/labs/${lab}/terminals/${number}`, options.token);
    opened.push(terminal);
    await terminal.connect(options.after);
    return terminal;
  };
  /** The status of an upgrade that is refused, and the code of its problem. */
  const refusal = (path: string, headers: Record<string, string>) =>
    new Promise<{ status: number | undefined; code?: string }>((resolve, reject) => {
      const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/v1${path}`, { headers });
      socket.on('open', () => reject(new Error(`${path} was opened`)));
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode, code: JSON.parse(text).code }));
      });
    });
  const bearer = (token = adminToken) => ({ authorization: `Bearer ${token}` });

  beforeAll(async () => {
    service = await runService(dataDirectory);
    lab = await startReadyLab(service);
  });

  afterAll(async () => {
    for (const terminal of opened) terminal.drop();
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  test('are eight, each a shell of its own in the same room', async () => {
    const terminals = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((number) => open(number)));
    const names = await Promise.all(
      terminals.map(async (terminal, index) => {
        await terminal.run(`echo ${index} > /tmp/from-${index}`);
        return /^shell:(\d+)\r$/m.exec(await terminal.run('echo "shell:$$"'))?.[1];
      }),
    );
    expect(new Set(names).size).toBe(8);
    expect(await terminals[7]?.run('cat /tmp/from-* | tr -d "\\n"; echo .')).toMatch(/^01234567\.\r$/m);
    for (const terminal of terminals) terminal.drop();
  });

  test.each([
    ['0', 404],
    ['9', 404],
    ['x', 404],
    ['01', 404],
    ['1%2f..', 404],
    ['1?after=-1', 400],
    ['1?after=soon', 400],
    ['1?after=', 400],
    ['1?after=1e3', 400],
  ])('number %s is refused with %d', async (number, status) => {
    const refused = await refusal(`/labs/${lab}/terminals/${number}`, bearer());
    expect(refused).toEqual({ status, code: status === 404 ? 'not-found' : 'bad-request' });
  });

  test('are for those who may see the lab, and a cookie only counts from our own page', async () => {
    const path = `/labs/${lab}/terminals/1`;
    expect(await refusal(path, {})).toEqual({ status: 401, code: 'unauthenticated' });
    expect(await refusal(path, bearer('st_nobody'))).toEqual({ status: 401, code: 'unauthenticated' });
    const stranger = await addLearner(service, 'stranger');
    expect(await refusal(path, bearer(stranger))).toEqual({ status: 404, code: 'lab-not-found' });

    const code = /#\/sign-in\?code=(\S+)/.exec(service.output())?.[1];
    const signedIn = await fetch(`${service.url}/api/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: service.url },
      body: JSON.stringify({ code }),
    });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    for (const origin of ['http://evil.example', `${service.url}0`, 'null']) {
      expect((await refusal(path, { cookie, origin })).status, origin).toBe(403);
    }
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/v1${path}`, {
      headers: { cookie, origin: service.url },
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.terminate();
  });

  test('tell their programs when the window changes, and refuse a window that is none', async () => {
    const terminal = await open(1);
    terminal.type(`bash -c "trap 'stty size' WINCH; echo begun-$((1)); while :; do sleep 0.05; done"\n`);
    await terminal.expectOutput(/^begun-1\r$/m);
    terminal.resize(101, 37);
    await terminal.expectOutput(/^37 101\r$/m);
    terminal.type('\x03');
    terminal.resize(0, 37);
    await waitUntil('the connection to be closed', 5_000, () => terminal.closeCode === 1008);
    await terminal.connect(terminal.position);
    expect(await terminal.run('stty size')).toMatch(/^37 101\r$/m);
  });

  test('give exactly the rest to whoever comes back, at whatever point they left', async () => {
    const writer = await open(2);
    await writer.run('stty -echo; PS1=');
    const start = writer.position;
    writer.type('for i in $(seq 20000); do echo "line $i"; done; echo over-$((1))\n');
    const parts: Buffer[] = [];
    let position = start;
    for (let round = 0; round < 40 && !Buffer.concat(parts).includes('over-1'); round++) {
      const reader = await open(2, { after: position });
      expect(reader.firstPosition).toBe(position);
      const enough = position + 1 + Math.floor(Math.random() * 12_000);
      await waitUntil('more output', 10_000, () => reader.position >= enough || /over-1/.test(reader.text));
      reader.drop();
      parts.push(reader.bytes);
      position = reader.position;
    }
    const last = await open(2, { after: position });
    await waitUntil('the end', 20_000, () => Buffer.concat([...parts, last.bytes]).includes('over-1'));
    const got = Buffer.concat([...parts, last.bytes]).toString();
    const lines = got.slice(got.indexOf('line 1\r'), got.indexOf('over-1'));
    expect(lines).toBe(Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\r\n`).join(''));
    await writer.expectOutput(/over-1/);
    for (const terminal of [writer, last]) terminal.drop();
  });

  test('begin with the oldest byte that is kept for a position that is too old or in the future', async () => {
    const writer = await open(3);
    await writer.run('head -c 1500000 /dev/zero | tr "\\0" x; echo');
    const whole = await open(3);
    await waitUntil('all that is kept', 10_000, () => whole.position >= writer.position);
    expect(whole.firstPosition).toBeGreaterThan(400_000);
    for (const after of [5, 999_999_999_999]) {
      const reader = await open(3, { after });
      expect(reader.firstPosition).toBe(whole.firstPosition);
      reader.drop();
    }
  });

  test('clients that stop reading cost little, hurt nobody, and find all that is kept when they come back', async () => {
    const stuck = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((number) => open(number)));
    const other = await open(8);
    for (const terminal of [...stuck, other]) await terminal.run('true');
    await other.run('for i in 1 2 3; do kubectl version; done > /dev/null');
    const before = residentBytes();
    for (const terminal of stuck) {
      terminal.pause();
      terminal.type("yes 'a line that comes again and again' | nl\n");
    }
    // The programs stand still once all buffers on the way are full; meanwhile the service works for others.
    const startedAt = performance.now();
    for (let index = 0; index < 20; index++) await other.run('true');
    expect((performance.now() - startedAt) / 20).toBeLessThan(500);
    await waitUntil('the programs to stand still', 20_000, async () => {
      const first = await written(other);
      await other.run('kubectl version > /dev/null');
      return first !== '' && first === (await written(other));
    });
    // Two mebibytes for each, and what any work leaves behind for the garbage collector.
    expect(residentBytes() - before).toBeLessThan((stuck.length * 2 + 20) * MEBIBYTE);
    for (const terminal of stuck) terminal.type('\x03');
    await waitUntil('the programs to be gone', 10_000, async () => (await written(other)) === '');
    for (const terminal of stuck) {
      terminal.resume();
      expect(await terminal.run('echo alive-$((2 * 3))')).toContain('alive-6');
      const numbers = [...terminal.text.matchAll(/^\s+(\d+)\ta line/gm)].map(([, number]) => Number(number));
      expect(numbers.length).toBeGreaterThan(1000);
      expect(numbers.every((number, index) => number === index + 1)).toBe(true);
      terminal.drop();
    }
  });

  test('share their network: what one forwards, the other can ask', async () => {
    const one = await open(6);
    const two = await open(7);
    one.type('kubectl -n harbour port-forward deployment/beacon 8080:80\n');
    await one.expectOutput(/Forwarding from 127\.0\.0\.1:8080/);
    expect(await two.run('curl -sS -m 5 -o /dev/null -w "%{http_code}\\n" http://127.0.0.1:8080/')).toMatch(
      /^200\r$/m,
    );
    one.type('\x03');
    await waitUntil('the port to be closed', 10_000, async () =>
      /^000\r$/m.test(await two.run('curl -s -m 5 -o /dev/null -w "%{http_code}\\n" http://127.0.0.1:8080/')),
    );
  });

  test('tell how their shell ended, and start a new one for the next who comes', async () => {
    const terminal = await open(8);
    await terminal.run('cd /tmp; export MARK=here');
    terminal.type('exit 7\n');
    await waitUntil('the exit code', 5_000, () => terminal.exitCode === 7);
    await waitUntil('the end of the connection', 5_000, () => terminal.closeCode === 1000);
    const again = await open(8, { after: terminal.position });
    expect(again.firstPosition).toBe(terminal.position);
    expect(await again.run('pwd; echo "mark:$MARK"')).toMatch(/\/home\/learner\r\nmark:\r/);
  });

  test('close at once when the token that opened them is revoked, and for no other', async () => {
    const { body } = await call<{ id: string; token: string }>(service, 'POST', '/tokens', { body: {} });
    const revoked = await open(1, { token: body.token });
    const mine = await open(1);
    await call(service, 'DELETE', `/tokens/${body.id}`);
    await waitUntil('the terminal to be closed', 2_000, () => revoked.closeCode !== undefined);
    expect(await mine.run('echo still-$((1 + 1))')).toContain('still-2');
  });

  test('end with the lab', async () => {
    const terminal = await open(1);
    await terminal.run('true');
    expect((await call(service, 'DELETE', `/labs/${lab}`)).status).toBe(202);
    await waitUntil('the terminal to be closed', 10_000, () => terminal.closeCode !== undefined);
    expect((await refusal(`/labs/${lab}/terminals/1`, bearer())).status).toBe(409);
  });

  /** What all `nl` have printed so far, as the kernel counts it; empty when none runs. */
  async function written(asked: TestTerminal): Promise<string> {
    const output = await asked.run(
      'echo "written:$(for p in $(pgrep -x nl); do grep wchar /proc/$p/io; done | tr -d "\\n")"',
    );
    return /^written:(.*)\r$/m.exec(output)?.[1] ?? '';
  }

  function residentBytes(): number {
    const status = readFileSync(`/proc/${service.child.pid}/status`, 'utf8');
    return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }
});
