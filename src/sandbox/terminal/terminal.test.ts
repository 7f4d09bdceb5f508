import { afterEach, expect, test } from 'vitest';
import { Terminal } from './terminal.js';

const open: Terminal[] = [];
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close('test-over');
});

async function startTerminal(script: string): Promise<Terminal> {
  const terminal = new Terminal(async () => ({
    file: '/bin/bash',
    arguments: ['--norc', '-c', script],
    environment: { PATH: '/usr/bin:/bin', PS1: '$ ' },
  }));
  open.push(terminal);
  await terminal.start();
  return terminal;
}

/** A reader that takes at most `budgetBytes` and then stands still; `Infinity` takes everything. */
class Reader {
  readonly chunks: Buffer[] = [];
  firstPosition: number | undefined;
  exitCode: number | undefined;
  dropped: string | undefined;
  heldBytes = 0;
  private waiting: (() => void)[] = [];

  constructor(private budgetBytes = Number.POSITIVE_INFINITY) {}

  hello(position: number): void {
    this.firstPosition = position;
  }

  send(bytes: Buffer, sent: () => void): void {
    if (this.budgetBytes > 0) {
      this.budgetBytes -= bytes.length;
      this.chunks.push(bytes);
      setImmediate(sent);
    } else {
      this.heldBytes += bytes.length;
    }
    this.wake();
  }

  exit(exitCode: number): void {
    this.exitCode = exitCode;
    this.wake();
  }

  drop(reason: string): void {
    this.dropped = reason;
    this.wake();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  get position(): number {
    return (this.firstPosition ?? 0) + this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

test('tells the output, the exit code, and both again to one who comes later', async () => {
  const terminal = await startTerminal('read line; echo "got $line"; exit 7');
  const reader = new Reader();
  terminal.attach(reader);
  terminal.write(Buffer.from('hello\r'));
  await reader.until(() => reader.exitCode !== undefined);
  expect(reader).toMatchObject({ firstPosition: 0, exitCode: 7 });
  expect(reader.text).toContain('got hello');
  const late = new Reader();
  terminal.attach(late, 3);
  await late.until(() => late.position === reader.position);
  expect(late.firstPosition).toBe(3);
  expect(late.text).toBe(reader.text.slice(3));
});

test('a reader that disconnects in the middle of much output misses nothing and sees nothing twice', async () => {
  const terminal = await startTerminal('stty -onlcr; for i in {1..40000}; do echo "line $i"; done');
  const whole: Buffer[] = [];
  let position = 0;
  let reader = new Reader();
  do {
    reader = new Reader();
    const detach = terminal.attach(reader, position);
    expect(reader.firstPosition).toBe(position);
    await reader.until(() => reader.chunks.length >= 3 || reader.exitCode !== undefined);
    detach();
    whole.push(...reader.chunks.slice());
    position = reader.position;
  } while (reader.exitCode === undefined);
  const expected = Array.from({ length: 40_000 }, (_, index) => `line ${index + 1}\n`).join('');
  expect(Buffer.concat(whole).toString('utf8')).toBe(expected);
});

test('a reader that stops reading holds little, is dropped, and does not stop the others', async () => {
  const terminal = await startTerminal('head -c 8000000 /dev/zero | tr "\\0" x; echo; echo end');
  const stuck = new Reader(0);
  const fine = new Reader();
  terminal.attach(stuck);
  terminal.attach(fine);
  await fine.until(() => fine.exitCode !== undefined);
  expect(fine.position).toBeGreaterThan(8_000_000);
  expect(stuck.dropped).toBe('too-slow');
  expect(stuck.heldBytes).toBeLessThan(512 * 1024);
});

test('passes on its size, and goes on counting when it is opened again after its end', async () => {
  const terminal = await startTerminal('stty size');
  const first = new Reader();
  terminal.attach(first);
  await first.until(() => first.exitCode !== undefined);
  expect(first.text).toBe('24 80\r\n');
  terminal.resize({ columns: 120, rows: 40 });
  await terminal.start();
  const second = new Reader();
  terminal.attach(second, first.position);
  await second.until(() => second.exitCode !== undefined);
  expect(second).toMatchObject({ firstPosition: first.position, text: '40 120\r\n' });
});
