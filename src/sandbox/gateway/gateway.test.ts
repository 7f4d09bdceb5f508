import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { SandboxHost } from '../host/sandbox-host.js';
import { CLOSE_CODES } from '../terminal/terminal-socket.js';
import { FakeClusterDriver } from '../testing/fake-cluster-driver.js';
import { GatewayClient } from './gateway-client.js';
import { GatewayServer } from './gateway-server.js';
import { signTicket, TICKET_HEADER, verifyTicket } from './tickets.js';

const SECRET = 'a secret of the tests, long enough';
let data: string;
let host: SandboxHost;
let gateway: GatewayServer;
let client: GatewayClient;
let gatewayOrigin: string;
/** Stands for the api process: passes everything below /one/ on to the gateway. */
let api: Server;
let apiPort: number;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'seatrial-gateway-'));
  await mkdir(join(data, 'tools'));
  const drivers = [new FakeClusterDriver(join(data, 'sandboxes'))];
  host = new SandboxHost({ dataDirectory: data, toolsDirectory: join(data, 'tools'), drivers });
  const spec = { id: 'one', driver: 'simulated' as const, nodes: { workers: 1 }, images: [] };
  await host.provision(spec, () => undefined, new AbortController().signal);
  gateway = new GatewayServer(host, SECRET);
  const address = await gateway.listen({ host: '127.0.0.1', port: 0 });
  gatewayOrigin = `http://127.0.0.1:${'port' in address ? address.port : 0}`;
  client = new GatewayClient({ origin: gatewayOrigin }, SECRET);
  const learner = { sandboxId: 'one', identity: 'learner' as const, subject: 'token-1' };
  api = createServer(
    (incoming, outgoing) => void client.proxyCluster(incoming, outgoing, incoming.url ?? '/', learner),
  );
  api.on('upgrade', (incoming, socket, head) => {
    const number = /^\/terminals\/(\d)/.exec(incoming.url ?? '')?.[1];
    if (number)
      void client.proxyTerminal(incoming, socket, head, {
        sandboxId: 'one',
        number: Number(number),
        subject: 'token-2',
      });
    else void client.proxyClusterUpgrade(incoming, socket, head, incoming.url ?? '/', learner);
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  apiPort = (api.address() as AddressInfo).port;
});

afterAll(async () => {
  api.closeAllConnections();
  api.close();
  await gateway.close();
  await host.close();
  await rm(data, { recursive: true });
});

/** A client as the page is one: knows its position and what it was sent. */
class Client {
  startedAt: number | undefined;
  position: number | undefined;
  text = '';
  exitCode: number | undefined;
  closeCode: number | undefined;
  private wake: () => void = () => undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (message: Buffer, isBinary) => {
      if (isBinary) {
        this.text += message.toString('latin1');
        this.position = (this.position ?? 0) + message.length;
      } else {
        const control = JSON.parse(message.toString('utf8')) as { type: string; seq?: number; code?: number };
        if (control.type === 'hello') this.position = this.startedAt = control.seq;
        if (control.type === 'exit') this.exitCode = control.code;
      }
      this.wake();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.wake();
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  type(text: string): void {
    this.socket.send(Buffer.from(text));
  }
}

async function openTerminal(number: number, after?: number, subject = 'token-1'): Promise<Client> {
  const request = { sandboxId: 'one', number, subject, ...(after !== undefined && { after }) };
  const terminal = new Client(await client.openTerminal(request));
  await terminal.until(() => terminal.position !== undefined);
  return terminal;
}

test('a terminal is a real one: job control, interrupts, size, exit code', async () => {
  const terminal = await openTerminal(1);
  expect(terminal.startedAt).toBe(0);
  await terminal.until(() => terminal.text.includes('$ '));
  expect(terminal.text).not.toContain('no job control');
  terminal.type('sleep 100; echo "code $?"\r');
  await terminal.until(() => terminal.text.includes('code $?"\r\n'));
  await expect
    .poll(async () => (await host.runCommand('one', { command: 'pgrep -c sleep', timeoutMs: 5_000 })).stdout)
    .toBe('1\n');
  terminal.type('\x03');
  await terminal.until(() => terminal.text.includes('^C'));
  terminal.socket.send(JSON.stringify({ type: 'resize', cols: 132, rows: 50 }));
  terminal.type('stty size; sleep 200 & jobs | sed s/Running/runs/; type k; kill %1\r');
  await terminal.until(() => terminal.text.includes('50 132') && /\[1\]\+ +runs/.test(terminal.text));
  terminal.type('exit 7\r');
  await terminal.until(() => terminal.closeCode !== undefined);
  expect(terminal).toMatchObject({ exitCode: 7, closeCode: 1000 });
});

test('a client that comes back gets what it missed, byte for byte', async () => {
  const first = await openTerminal(2);
  const whole = await openTerminal(2, 0);
  first.type('for i in {1..3000}; do echo "line $i"; done; echo en""d\r');
  await first.until(() => first.text.includes('line 50\r'));
  first.socket.terminate();
  const second = await openTerminal(2, first.position);
  expect(second.startedAt).toBe(first.position);
  await second.until(() => second.text.includes('end\r'));
  await whole.until(() => whole.text.includes('end\r'));
  const length = Math.min(whole.text.length, first.text.length + second.text.length);
  expect((first.text + second.text).slice(0, length)).toBe(whole.text.slice(0, length));
  second.socket.close();
  whole.socket.close();
});

test('a revoked subject loses its connections at once, others keep theirs', async () => {
  const revoked = await openTerminal(3, undefined, 'token-9');
  const kept = await openTerminal(3, undefined, 'token-1');
  host.closeConnections('token-9');
  await revoked.until(() => revoked.closeCode !== undefined);
  expect(revoked.closeCode).toBe(CLOSE_CODES.revoked);
  kept.type('echo st""ill\r');
  await kept.until(() => kept.text.includes('still'));
  host.revokeTerminals('one', 'over');
  await kept.until(() => kept.closeCode !== undefined);
});

test('the api process passes a browser’s terminal through', async () => {
  const terminal = new Client(new WebSocket(`ws://127.0.0.1:${apiPort}/terminals/4`));
  await terminal.until(() => terminal.startedAt === 0);
  terminal.type('echo thr""ough\r');
  await terminal.until(() => terminal.text.includes('through'));
  terminal.socket.close();
});

interface Answer {
  status: number;
  body: string;
}

function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ port, path, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
        if (path.includes('watch')) resolve({ status: response.statusCode ?? 0, body });
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

test('the cluster is asked as the ticket’s identity, whatever the caller claims to be', async () => {
  const claims = {
    authorization: 'Bearer x',
    'impersonate-user': 'system:admin',
    cookie: 'a=b',
    accept: 'application/json',
  };
  const { status, body } = await get(apiPort, '/api/v1/pods?limit=5', claims);
  const asked = JSON.parse(body) as { url: string; cluster: string; headers: Record<string, string> };
  expect(status).toBe(200);
  expect(asked).toMatchObject({ cluster: 'one', url: '/api/v1/pods?limit=5' });
  expect(asked.headers).toMatchObject({ 'x-identity': 'learner', accept: 'application/json' });
  expect(Object.keys(asked.headers).sort()).toEqual(['accept', 'connection', 'host', 'x-identity']);
});

test('a watch is passed on as it comes', async () => {
  expect(await get(apiPort, '/api/v1/pods?watch=true')).toEqual({ status: 200, body: 'first\n' });
});

test('an upgraded connection carries bytes both ways', async () => {
  const socket = connect(apiPort, '127.0.0.1');
  socket.write('GET /exec HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n');
  const head = await new Promise<string>((resolve) =>
    socket.once('data', (part) => resolve(part.toString())),
  );
  expect(head).toMatch(/^HTTP\/1\.1 101 /);
  socket.write('ping');
  expect(
    await new Promise<string>((resolve) => socket.once('data', (part) => resolve(part.toString()))),
  ).toBe('ping');
  socket.destroy();
});

test('a command runs through the gateway; errors keep their code', async () => {
  const request = { command: 'cat; exit 3', stdin: 'given', timeoutMs: 5_000 };
  expect(await client.runCommand('one', 'token-1', request)).toMatchObject({ exitCode: 3, stdout: 'given' });
  await expect(client.runCommand('none', 'token-1', request)).rejects.toMatchObject({
    code: 'sandbox-not-found',
  });
  const nobody = new GatewayClient({ socketPath: join(data, 'nothing.sock') }, SECRET);
  await expect(nobody.runCommand('one', 'token-1', request)).rejects.toMatchObject({
    code: 'host-unreachable',
  });
});

test('a ticket opens one sandbox, one scope, for a minute', async () => {
  const ticket = { sandboxId: 'one', scope: 'cluster:learner' as const, subject: 'token-1' };
  const path = '/sandboxes/one/cluster/version';
  const port = Number(new URL(gatewayOrigin).port);
  const ask = async (text: string, at = path) => (await get(port, at, { [TICKET_HEADER]: text })).status;
  expect(await ask(await signTicket(ticket, SECRET))).toBe(200);
  expect(await ask(await signTicket(ticket, SECRET), '/sandboxes/two/cluster/version')).toBe(403);
  expect(await ask(await signTicket({ ...ticket, scope: 'terminal' }, SECRET))).toBe(403);
  expect(await ask(await signTicket(ticket, 'another secret'))).toBe(401);
  expect(await ask('')).toBe(401);
  const now = Date.now();
  const text = await signTicket(ticket, SECRET, now);
  expect(await verifyTicket(text, SECRET, now + 59_000)).toEqual(ticket);
  await expect(verifyTicket(text, SECRET, now + 61_000)).rejects.toMatchObject({ code: 'unauthenticated' });
});
