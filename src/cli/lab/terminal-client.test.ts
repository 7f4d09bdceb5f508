import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { attachTerminal, DETACH_KEY, type UserTerminal } from './terminal-client.js';

let server: WebSocketServer;

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
});
afterEach(() => server.close());

function attach() {
  const shown: Buffer[] = [];
  let press: (input: Buffer) => void = () => undefined;
  const user: UserTerminal = {
    size: () => ({ columns: 100, rows: 30 }),
    onInput: (listener) => {
      press = listener;
      return () => undefined;
    },
    onResize: () => () => undefined,
    write: (output) => shown.push(output),
  };
  const url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/terminals/1`);
  const ended = attachTerminal({ url, headers: { authorization: 'Bearer t' } }, user);
  return { ended, press: (input: Buffer) => press(input), text: () => Buffer.concat(shown).toString('utf8') };
}

async function nextClient(): Promise<{ socket: WebSocket; path: string; firstFrame: string }> {
  const [socket, request] = (await once(server, 'connection')) as [
    WebSocket,
    { url: string; headers: object },
  ];
  expect(request.headers).toMatchObject({ authorization: 'Bearer t' });
  const [frame] = (await once(socket, 'message')) as [Buffer];
  return { socket, path: request.url, firstFrame: frame.toString('utf8') };
}

it('takes a lost connection up where it broke off, and ends with the shell’s exit code', async () => {
  const terminal = attach();
  const first = await nextClient();
  expect(first).toMatchObject({ path: '/terminals/1', firstFrame: '{"type":"resize","cols":100,"rows":30}' });
  first.socket.send('{"type":"hello","seq":7}');
  first.socket.send(Buffer.from('abc'));
  first.socket.send('{"type":"news","from":"the future"}', () => first.socket.terminate());
  const second = await nextClient();
  expect(second.path).toBe('/terminals/1?after=10');
  second.socket.send('{"type":"hello","seq":10}');
  second.socket.send(Buffer.from('def'));
  second.socket.send('{"type":"exit","code":5}');
  expect(await terminal.ended).toBe(5);
  expect(terminal.text()).toBe('abcdef');
});

it('passes keys on, and leaves at Ctrl-]', async () => {
  const terminal = attach();
  const { socket } = await nextClient();
  terminal.press(Buffer.from('ls\r'));
  const [keys] = (await once(socket, 'message')) as [Buffer];
  expect(keys.toString('utf8')).toBe('ls\r');
  terminal.press(Buffer.from([DETACH_KEY]));
  expect(await terminal.ended).toBeUndefined();
});

it('rejects when it never gets in', async () => {
  const terminal = attach();
  const { socket } = await nextClient();
  socket.close(1008, 'not yours');
  await expect(terminal.ended).rejects.toThrow('not yours');
});
