import type { Bash } from 'just-bash';
import { defineCommand, parse, serialize } from 'just-bash';
import type { Process, Program, SignalName } from '../process.js';
import { createBash } from './create-bash.js';
import { pipedLines } from './line-reader.js';
import { programName } from './shell-files.js';
import { streamOutput } from './stream-output.js';
import { editLines } from './terminal.js';

/** Reads one line after the other and runs it in this same shell; the line before decides `$?`. */
const READ_AND_RUN = `__status=0
while __line="$(__read_line "$__status" "$PWD")"; do __set_status "$__status"; eval "$__line"; __status=$?; done
exit $__status`;

/**
 * `sh` and `bash`: `-c SCRIPT`, a script file, lines from standard input, or an interactive session on a terminal.
 * Modelled after dash and busybox's ash as far as containers use them.
 */
export const runShell: Program = async (process) => {
  const { script, file, args } = readArguments(process.argv.slice(1));
  if (script !== undefined) return runScript(process, script, args);
  if (file !== undefined) {
    const text = process.world.files.readText(file.startsWith('/') ? file : `${process.cwd}/${file}`);
    if (text === undefined) {
      process.stderr(`${programName(process.argv[0] ?? 'sh')}: 0: cannot open ${file}: No such file\n`);
      return 2;
    }
    return runScript(process, text.replace(/^#!.*\n/, '\n'), [file, ...args]);
  }
  return process.stdin ? runLines(process) : 0;
};

/** A single tool of the image, such as `ls`, run without a shell around it. */
export const runTool: Program = async (process) => {
  const [name = '', ...args] = process.argv;
  return runScript(process, [programName(name), ...args].map(quote).join(' '), []);
};

async function runScript(process: Process, script: string, args: string[]): Promise<number> {
  const traps = new Map<string, string>();
  const bash = createBash(process, [trapCommand(process, traps)]);
  const [, ...parameters] = args;
  const positional = parameters.length > 0 ? `set -- ${parameters.map(quote).join(' ')}\n` : '';
  const stdin = process.stdin && readsInput(script) ? await readAll(process) : undefined;
  const exitCode = await execute(process, bash, `${positional}${script}`, stdin);
  const atExit = traps.get('EXIT');
  if (atExit) await execute(process, createBash(process), atExit);
  return exitCode;
}

async function execute(process: Process, bash: Bash, script: string, stdin?: string): Promise<number> {
  const result = await bash.exec(script, {
    signal: process.killed,
    ...(stdin !== undefined && { stdin, stdinKind: 'bytes' }),
  });
  // What was printed before the redirection took effect: messages of the parser.
  if (result.stdout) process.stdout(result.stdout);
  if (result.stderr) process.stderr(result.stderr.replace(/^bash: /gm, 'sh: '));
  return result.exitCode;
}

async function runLines(process: Process): Promise<number> {
  const reader = process.tty ? editLines(process) : pipedLines(process);
  const bash = createBash(process, [
    defineCommand('__read_line', async (args) => {
      const line = await reader.read(args[1] ?? '/');
      return {
        stdout: line === undefined ? '' : streamed(line),
        stderr: '',
        exitCode: line === undefined ? 1 : 0,
      };
    }),
    defineCommand('__set_status', async (args) => ({
      stdout: '',
      stderr: '',
      exitCode: Number(args[0] ?? 0),
    })),
  ]);
  try {
    return await execute(process, bash, READ_AND_RUN);
  } finally {
    reader.close();
  }
}

/** A line with its output streamed; a line that cannot be parsed stays as it is, for the shell to complain about. */
function streamed(line: string): string {
  try {
    return serialize(streamOutput(parse(line)));
  } catch {
    return line;
  }
}

/** `trap COMMANDS SIGNAL…`: the commands run in a shell of their own; `exit` in them ends the trapping shell too. */
function trapCommand(process: Process, traps: Map<string, string>) {
  return defineCommand('trap', async (args) => {
    const [commands = '', ...signals] = args.filter((arg) => arg !== '--');
    for (const given of signals) {
      const name = given.replace(/^SIG/, '').toUpperCase();
      const key = name === '0' ? 'EXIT' : name === '15' ? 'TERM' : name === '2' ? 'INT' : name;
      traps.set(key, commands);
      if (key === 'EXIT') continue;
      process.onSignal(`SIG${key}` as SignalName, () => {
        void runTrap(process, traps.get(key) ?? '');
      });
    }
    return { stdout: '', stderr: '', exitCode: 0 };
  });
}

async function runTrap(process: Process, commands: string): Promise<void> {
  const exitCode = await execute(process, createBash(process), commands);
  if (/\bexit\b/.test(commands)) process.exit(exitCode);
}

function readArguments(args: string[]): { script?: string; file?: string; args: string[] } {
  const rest = [...args];
  while (rest[0]?.startsWith('-') || rest[0]?.startsWith('+')) {
    const option = rest.shift() ?? '';
    if (option === '--') break;
    if (option === '-o' || option === '+o') rest.shift();
    else if (/^-\w*c\w*$/.test(option) && !option.startsWith('--')) {
      const script = rest.shift();
      const strict = /e/.test(option) ? 'set -e\n' : '';
      return { script: strict + (script ?? ''), args: rest };
    }
  }
  const [file, ...parameters] = rest;
  return file === undefined ? { args: [] } : { file, args: parameters };
}

/** Commands that read their standard input to its end when they are given no file. */
const READERS =
  /\b(cat|tar|sh|bash|grep|wc|sort|tee|xargs|head|tail|sed|awk|tr|cut|base64|md5sum|sha256sum|read|uniq|dd|psql|mysql|redis-cli|gzip|gunzip|jq|python3?|node)\b/;
const readsInput = (script: string) => READERS.test(script);

async function readAll(process: Process): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('latin1');
}

export const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
