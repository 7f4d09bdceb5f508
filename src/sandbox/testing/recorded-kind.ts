import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Runs of the real kind 0.33, with what it printed. */
const recordingSchema = z.array(
  z.object({ case: z.string(), run: z.string(), exit: z.int(), stdout: z.string(), stderr: z.string() }),
);
const RECORDING = fileURLToPath(new URL('./fixtures/kind-0.33.json', import.meta.url));

export interface RecordedCall {
  words: string[];
  stdin: string;
}

/** What the fake prints and how it ends; `hang` never ends by itself. */
export interface Play {
  exit: number;
  stdout: string;
  stderr: string;
  hang?: boolean;
}

/** By the first words of a command, e.g. `create cluster`; a list is played in turn, its last one for ever. */
export type Script = Record<string, Play | Play[]>;

/** The recorded run called `name`. */
export async function recorded(name: string): Promise<Play> {
  const runs = recordingSchema.parse(JSON.parse(await readFile(RECORDING, 'utf8')));
  const run = runs.find((candidate) => candidate.case === name);
  if (!run) throw new Error(`no recorded run is called ${name}`);
  return { exit: run.exit, stdout: run.stdout, stderr: run.stderr };
}

/**
 * Puts a program called `name` into `directory` that plays `script`, writes down how it was called, and writes the files
 * that it is told to: `--kubeconfig FILE` of a successful `create` gets `kubeconfig`.
 */
export async function installFake(
  directory: string,
  name: string,
  script: Script,
  kubeconfig = '',
): Promise<string> {
  const program = join(directory, name);
  await mkdir(directory, { recursive: true });
  await writeFile(`${program}.script.json`, JSON.stringify({ script, kubeconfig }));
  await writeFile(program, `#!${process.execPath}\n${PLAYER}`);
  await chmod(program, 0o755);
  return program;
}

/** All calls of a fake, in order. */
export async function callsOf(program: string): Promise<RecordedCall[]> {
  const text = await readFile(`${program}.calls`, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedCall);
}

const PLAYER = `
const fs = require('node:fs');
const words = process.argv.slice(2);
const { script, kubeconfig } = JSON.parse(fs.readFileSync(__filename + '.script.json', 'utf8'));
const stdin = fs.readFileSync(0, 'utf8');
const earlier = fs.existsSync(__filename + '.calls') ? fs.readFileSync(__filename + '.calls', 'utf8').split('\\n') : [];
fs.appendFileSync(__filename + '.calls', JSON.stringify({ words, stdin }) + '\\n');
const key = Object.keys(script).find((start) => words.join(' ').startsWith(start));
if (!key) throw new Error('not in the script: ' + words.join(' '));
const before = earlier.filter((line) => line && JSON.parse(line).words.join(' ').startsWith(key)).length;
const plays = [script[key]].flat();
const play = plays[Math.min(before, plays.length - 1)];
const at = words.indexOf('--kubeconfig');
if (words[0] === 'create' && play.exit === 0 && at > 0) fs.writeFileSync(words[at + 1], kubeconfig);
process.stdout.write(play.stdout);
process.stderr.write(play.stderr);
if (play.hang) setInterval(() => {}, 1000);
else process.exitCode = play.exit;
`;
