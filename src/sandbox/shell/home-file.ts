import { chmod, lchown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { DomainError } from '../../common/domain-error.js';
import { runCommand } from './run-command.js';
import type { Shell } from './shell.js';
import { LEARNER } from './system-files.js';

/** A file in the learner's home. */
export interface HomeFile {
  /** Relative to the home, or `~/…`; may also be absolute below the home or /tmp. */
  path: string;
  content: string;
  /** Octal, e.g. `0755`; 0644 when absent. */
  mode?: string;
}

/** Where a path leads, relative to the home; undefined when that is not below it. */
function pathInHome(path: string): string | undefined {
  const inside = relative(LEARNER.home, resolve(LEARNER.home, path.replace(/^~\//, '')));
  return inside === '' || inside.startsWith('..') ? undefined : inside;
}

/**
 * Fills a home that was made just now, from outside and so without starting anything. Never for a home in which a learner
 * could have left links. `uid` gets it all; files for other places are left out and returned.
 */
export async function fillNewHome(home: string, uid: number, files: HomeFile[]): Promise<HomeFile[]> {
  const elsewhere: HomeFile[] = [];
  for (const file of files) {
    const inside = pathInHome(file.path);
    if (inside === undefined) elsewhere.push(file);
    else await fillOne(home, inside, file);
  }
  await giveTree(home, uid);
  return elsewhere;
}

async function fillOne(home: string, inside: string, { content, mode = '0644' }: HomeFile): Promise<void> {
  const path = join(home, inside);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, Number.parseInt(mode, 8));
}

async function giveTree(folder: string, uid: number): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await lchown(folder, uid, uid);
  for (const entry of await readdir(folder, { recursive: true })) await lchown(join(folder, entry), uid, uid);
}

const WRITE_TIMEOUT_MS = 10_000;
/** `$1` path, `$2` mode. */
const WRITE_FILE = 'mkdir -p -- "$(dirname -- "$1")" && cat > "$1" && chmod "$2" -- "$1"';

/**
 * Writes a file from inside the sandbox, as the learner: a link that the learner made in its place leads nowhere that the
 * learner may not go. Throws `provision-failed`.
 */
export async function writeHomeFile(shell: Shell, { path, content, mode = '0644' }: HomeFile): Promise<void> {
  const inside = path.replace(/^~\//, '');
  const command = shell.command(['/bin/bash', '-c', WRITE_FILE, 'write', inside, mode]);
  const result = await runCommand(command, { timeoutMs: WRITE_TIMEOUT_MS, stdin: content });
  if (result.exitCode !== 0) {
    throw new DomainError(
      'provision-failed',
      `The file ${path} could not be written: ${result.stderr.trim()}`,
    );
  }
}
