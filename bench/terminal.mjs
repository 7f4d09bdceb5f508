// Echo latency and throughput of a terminal over the websocket, next to a shell on a local pty.
import pty from '@lydell/node-pty';
import WebSocket from 'ws';
import { percentile } from './figures.mjs';
import { startLab, startService, token } from './run-service.mjs';

const KEYSTROKES = 200;
const LINES = 200_000;

/** Both kinds of terminal behind one face: `type(text)`, `onBytes`, `close()`. */
function remoteTerminal(service, labId) {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/v1/labs/${labId}/terminals/1`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const terminal = {
    onBytes: () => {},
    type: (text) => socket.send(Buffer.from(text)),
    close: () => socket.close(),
  };
  socket.on('message', (data, binary) => {
    if (binary) terminal.onBytes(data);
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(terminal));
    socket.once('error', reject);
  });
}

function localTerminal() {
  const shell = pty.spawn('bash', ['--norc'], { cols: 80, rows: 24, encoding: null });
  const terminal = { onBytes: () => {}, type: (text) => shell.write(text), close: () => shell.kill() };
  shell.onData((data) => terminal.onBytes(Buffer.from(data)));
  return terminal;
}

function waitFor(terminal, pattern, timeoutMs = 60_000) {
  return new Promise((resolve, reject) => {
    let tail = '';
    let bytes = 0;
    const timer = setTimeout(
      () => reject(new Error(`no ${pattern} in the terminal; last: ${tail.slice(-200)}`)),
      timeoutMs,
    );
    terminal.onBytes = (data) => {
      bytes += data.length;
      tail = (tail + data.toString('latin1')).slice(-4096);
      if (!pattern.test(tail)) return;
      clearTimeout(timer);
      terminal.onBytes = () => {};
      resolve(bytes);
    };
  });
}

async function measure(terminal) {
  terminal.type('PS1=; echo read""y\n');
  await waitFor(terminal, /ready/);
  const echoes = [];
  for (let count = 0; count < KEYSTROKES; count++) {
    const from = performance.now();
    const echoed = waitFor(terminal, /x/, 5000);
    terminal.type('x');
    await echoed;
    echoes.push(performance.now() - from);
  }
  terminal.type('\x15');
  const from = performance.now();
  const done = waitFor(terminal, /the""end|\r\nthe-end/);
  terminal.type(`seq 1 ${LINES}; echo the-"end"\n`);
  const bytes = await done;
  return { echoes, megabytesPerSecond: bytes / 1e6 / ((performance.now() - from) / 1000) };
}

export async function run(figures) {
  const service = await startService();
  try {
    const { id } = await startLab(service);
    const remote = await remoteTerminal(service, id);
    const ours = await measure(remote);
    remote.close();
    const local = localTerminal();
    const bare = await measure(local);
    local.close();
    const bareEcho = percentile(bare.echoes, 0.5).toFixed(2);
    figures.add(`terminal echo, p50 of ${KEYSTROKES}`, percentile(ours.echoes, 0.5), 'ms', {
      instead: `a local pty ${bareEcho} ms`,
    });
    figures.add(`terminal echo, p95 of ${KEYSTROKES}`, percentile(ours.echoes, 0.95), 'ms', {
      target: '< 30',
    });
    figures.add(`terminal output, seq 1 ${LINES}`, ours.megabytesPerSecond, 'MB/s', {
      instead: `a local pty ${bare.megabytesPerSecond.toFixed(1)} MB/s`,
    });
  } finally {
    await service.stop();
  }
}
