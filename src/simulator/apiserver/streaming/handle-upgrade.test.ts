import { once } from 'node:events';
import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FakeNodeAgent } from './testing/fake-node-agent.js';
import { SpdyClient } from './testing/spdy-client.js';
import { fakePod, startStreamServer } from './testing/stream-server.js';

const PODS = '/api/v1/namespaces/default/pods/web';

let agent: FakeNodeAgent;
let server: Server;
let port: number;

beforeEach(async () => {
  agent = new FakeNodeAgent();
  ({ server, port } = await startStreamServer(agent, fakePod()));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const exec = (command: string, more = '') => {
  const words = command.split(' ').map((word) => `command=${word}`);
  return `${PODS}/exec?${words.join('&')}&stdout=true&stderr=true${more}`;
};

/** Text by channel until the server closes. */
async function collect(webSocket: WebSocket): Promise<Record<number, string>> {
  const texts: Record<number, string> = {};
  webSocket.on('message', (data: Buffer) => {
    const channel = data.readUInt8(0);
    texts[channel] = (texts[channel] ?? '') + data.toString('utf8', 1);
  });
  await once(webSocket, 'close');
  return texts;
}

const open = (path: string, protocols: string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io']) =>
  new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);

describe('a command over websockets', () => {
  test('is told apart by channels, and its exit code follows', async () => {
    const webSocket = open(exec('exit 3'));
    const texts = await collect(webSocket);
    expect(webSocket.protocol).toBe('v5.channel.k8s.io');
    expect([texts[1], texts[2]]).toEqual(['out\n', 'err\n']);
    expect(JSON.parse(texts[3] ?? '')).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('that cannot be started is an internal error', async () => {
    const texts = await collect(open(exec('nosuch')));
    expect(JSON.parse(texts[3] ?? '')).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      code: 500,
    });
  });

  test('reads input until the client closes its channel', async () => {
    const webSocket = open(exec('cat', '&stdin=true'));
    const collected = collect(webSocket);
    await once(webSocket, 'open');
    webSocket.send(Buffer.from('\0hello'));
    webSocket.send(Buffer.from([255, 0]));
    const texts = await collected;
    expect(texts[1]).toBe('hello');
    expect(JSON.parse(texts[3] ?? '')).toEqual({ metadata: {}, status: 'Success' });
  });

  test('speaks base64 to clients that have only text', async () => {
    const webSocket = open(exec('exit 0'), ['v4.base64.channel.k8s.io']);
    const messages: string[] = [];
    webSocket.on('message', (data) => messages.push(String(data)));
    await once(webSocket, 'close');
    expect(messages).toContain(`1${Buffer.from('out\n').toString('base64')}`);
  });

  test('hears of the size of the terminal', async () => {
    const webSocket = open(exec('size', '&tty=true'));
    const collected = collect(webSocket);
    await once(webSocket, 'open');
    webSocket.send(Buffer.from('\x04{"Width":80,"Height":24}'));
    expect((await collected)[1]).toBe('80x24\n');
  });

  test('waits while the client does not read', async () => {
    const webSocket = open(exec('flood 50000000'));
    let taken = 0;
    webSocket.on('message', (data: Buffer) => {
      taken += data.length - 1;
    });
    webSocket.once('open', () => webSocket.pause());
    const seen: number[] = [];
    // The sockets on the way fill up; then the command stands still.
    await expect
      .poll(() => seen.push(agent.flooded) && agent.flooded > 0 && seen.at(-2) === agent.flooded, {
        interval: 100,
        timeout: 5000,
      })
      .toBe(true);
    expect(agent.flooded).toBeLessThan(20_000_000);
    webSocket.resume();
    await once(webSocket, 'close');
    expect(taken).toBeGreaterThanOrEqual(50_000_000);
  });

  test('is aborted when the client goes away', async () => {
    const webSocket = open(exec('hang'));
    await once(webSocket, 'open');
    webSocket.terminate();
    await expect.poll(() => agent.aborted).toEqual(['hang']);
  });

  test.each([
    [exec('cat', '&container=nosuch'), ['v5.channel.k8s.io'], 400],
    [`${PODS}/exec?command=cat`, ['v5.channel.k8s.io'], 400],
    [exec('cat'), ['v9.channel.k8s.io'], 400],
  ])('is refused before the handshake: %s %s', async (path, protocols, code) => {
    const webSocket = open(path, protocols);
    const [, response] = await once(webSocket, 'unexpected-response');
    expect(response.statusCode).toBe(code);
    webSocket.on('error', () => undefined);
    webSocket.terminate();
  });
});

describe('a command over SPDY', () => {
  test('has a stream for each channel', async () => {
    const client = await SpdyClient.connect(port, exec('cat', '&stdin=true'), 'v4.channel.k8s.io');
    const [error, stdin, stdout] = [
      await client.open({ streamtype: 'error' }),
      await client.open({ streamtype: 'stdin' }),
      await client.open({ streamtype: 'stdout' }),
      await client.open({ streamtype: 'stderr' }),
    ];
    client.send(stdin, 'hello ');
    client.send(stdin, 'world', true);
    await expect.poll(() => client.hasEnded(error)).toBe(true);
    expect(client.received(stdout)).toBe('hello world');
    expect(JSON.parse(client.received(error))).toEqual({ metadata: {}, status: 'Success' });
    client.socket.destroy();
  });

  test('is aborted when the client goes away', async () => {
    const client = await SpdyClient.connect(port, exec('hang'), 'v4.channel.k8s.io');
    for (const streamtype of ['error', 'stdout', 'stderr']) await client.open({ streamtype });
    client.socket.end();
    await expect.poll(() => agent.aborted).toEqual(['hang']);
  });

  test('is refused when no protocol is shared', async () => {
    await expect(SpdyClient.connect(port, exec('cat'), 'channel.k8s.io')).rejects.toThrow('403');
  });

  test('that is no SPDY is cut off', async () => {
    const client = await SpdyClient.connect(port, exec('cat'), 'v4.channel.k8s.io');
    const closed = once(client.socket, 'close');
    client.socket.write(Buffer.alloc(64, 0xff));
    await closed;
  });
});

describe('forwarded ports', () => {
  const forward = async () => SpdyClient.connect(port, `${PODS}/portforward`, 'portforward.k8s.io');
  const connect = async (client: SpdyClient, requestid: string, to: string) => ({
    error: await client.open({ streamtype: 'error', port: to, requestid }),
    data: await client.open({ streamtype: 'data', port: to, requestid }),
  });

  test('carry several connections at once', async () => {
    const client = await forward();
    const first = await connect(client, '0', '80');
    const second = await connect(client, '1', '80');
    client.send(second.data, 'two', true);
    client.send(first.data, 'one', true);
    await expect.poll(() => client.hasEnded(first.data) && client.hasEnded(second.data)).toBe(true);
    expect([client.received(first.data), client.received(second.data)]).toEqual(['one', 'two']);
    client.socket.destroy();
  });

  test('say why a connection failed', async () => {
    const client = await forward();
    const { error } = await connect(client, '0', '81');
    await expect.poll(() => client.hasEnded(error)).toBe(true);
    expect(client.received(error)).toMatch(
      /^error forwarding port 81 to pod [0-9a-f]{64}, uid : connect: connection refused$/,
    );
    client.socket.destroy();
  });

  test('over websocket channels, for clients without SPDY', async () => {
    const webSocket = open(`${PODS}/portforward?ports=80`, ['v4.channel.k8s.io']);
    let text = '';
    webSocket.on('message', (data: Buffer) => {
      if (data[0] === 0) text += data.toString('latin1', 1);
    });
    await once(webSocket, 'open');
    webSocket.send(Buffer.from('\0ping'));
    await expect.poll(() => text).toBe('P\0ping');
    webSocket.terminate();
  });
});
