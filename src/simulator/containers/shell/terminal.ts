import type { Process } from '../process.js';
import type { LineReader } from './line-reader.js';

const ESCAPE = '\u001b';
const ESCAPE_SEQUENCE = new RegExp(`^${ESCAPE}(?:\\[[0-9;]*[A-Za-z~]|O[A-Z])`);
const CLEAR_TO_END = '\u001b[K';

/**
 * The line editing of a shell on a terminal: characters, Backspace, Ctrl-A/E/U/W/C/D/L, arrows and history. Output goes
 * through the terminal's own line discipline (see `ttyOutput`), so `\n` is enough here.
 */
export function editLines(process: Process): LineReader {
  const history: string[] = [];
  const queue: string[] = [];
  let line = '';
  let cursor = 0;
  let historyAt = 0;
  let pending = '';
  let waiting: ((line: string | undefined) => void) | undefined;
  let ended = false;

  let directory = process.cwd;
  const prompt = () => promptOf(process, directory);
  const show = (text: string) => process.stdout(text);
  const redraw = () => {
    show(`\r${prompt()}${line}${CLEAR_TO_END}`);
    if (cursor < line.length) show(`\u001b[${line.length - cursor}D`);
  };
  const replace = (text: string, at = text.length) => {
    line = text;
    cursor = at;
    redraw();
  };
  const finish = (text: string | undefined) => {
    const resolve = waiting;
    waiting = undefined;
    line = '';
    cursor = 0;
    resolve?.(text);
  };
  const fromHistory = (step: number) => {
    historyAt = Math.max(0, Math.min(history.length, historyAt + step));
    replace(history[historyAt] ?? '');
  };

  const keys: Record<string, () => void> = {
    '\r': () => {
      show('\n');
      if (line.trim() !== '') history.push(line);
      historyAt = history.length;
      finish(line);
    },
    '\u0003': () => {
      show('^C\n');
      line = '';
      cursor = 0;
      redraw();
    },
    '\u0004': () => {
      if (line === '') finish(undefined);
    },
    '\u007f': () => {
      if (cursor > 0) replace(line.slice(0, cursor - 1) + line.slice(cursor), cursor - 1);
    },
    '\u0001': () => replace(line, 0),
    '\u0005': () => replace(line),
    '\u0015': () => replace(line.slice(cursor), 0),
    '\u0017': () => {
      const kept = line.slice(0, cursor).replace(/\S*\s*$/, '');
      replace(kept + line.slice(cursor), kept.length);
    },
    '\u000c': () => {
      show('\u001b[H\u001b[2J');
      redraw();
    },
    '\u001b[A': () => fromHistory(-1),
    '\u001b[B': () => fromHistory(1),
    '\u001b[C': () => replace(line, Math.min(line.length, cursor + 1)),
    '\u001b[D': () => replace(line, Math.max(0, cursor - 1)),
  };
  keys['\n'] = keys['\r'] as () => void;
  keys['\b'] = keys['\u007f'] as () => void;

  const take = () => {
    while (waiting && queue.length > 0) {
      const key = queue.shift() ?? '';
      const action = keys[key];
      if (action) action();
      else if (key >= ' ' && !key.startsWith('\u001b')) insert(key);
    }
    if (ended && queue.length === 0) finish(undefined);
  };
  const insert = (text: string) => {
    line = line.slice(0, cursor) + text + line.slice(cursor);
    cursor += text.length;
    if (cursor === line.length) show(text);
    else redraw();
  };
  const onData = (chunk: Buffer) => {
    pending += chunk.toString();
    while (pending !== '') {
      const sequence =
        ESCAPE_SEQUENCE.exec(pending)?.[0] ?? String.fromCodePoint(pending.codePointAt(0) ?? 0);
      pending = pending.slice(sequence.length);
      // While a command runs, the terminal's driver makes Ctrl-C a signal for it.
      if (sequence === '\u0003' && !waiting) {
        show('^C\n');
        interruptOthers(process);
      } else queue.push(sequence);
    }
    take();
  };
  const onEnd = () => {
    ended = true;
    take();
  };
  process.stdin?.on('data', onData);
  process.stdin?.once('end', onEnd);
  process.stdin?.once('close', onEnd);

  return {
    read: (current) =>
      new Promise((resolve) => {
        directory = current;
        waiting = resolve;
        show(prompt());
        take();
      }),
    close() {
      process.stdin?.off('data', onData);
    },
  };
}

function interruptOthers(shell: Process): void {
  for (const other of shell.world.processes.values()) if (other.pid > shell.pid) other.signal('SIGINT');
}

/** The prompts of bash, busybox's ash and dash with their default settings. */
function promptOf({ argv, env, world }: Process, directory: string): string {
  const sign = world.user.uid === 0 ? '#' : '$';
  const shown = directory === env['HOME'] ? '~' : directory;
  if (argv[0]?.endsWith('bash')) return `${world.user.name}@${world.hostname}:${shown}${sign} `;
  return world.files.lookup('/bin/busybox') ? `${shown} ${sign} ` : `${sign} `;
}

/** The output half of a terminal's line discipline: every line feed is a carriage return and a line feed. */
export function ttyOutput(output: string | Uint8Array): string {
  const text = typeof output === 'string' ? output : new TextDecoder().decode(output);
  return text.replace(/\r?\n/g, '\r\n');
}
