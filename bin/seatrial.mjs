#!/usr/bin/env node
// The `seatrial` command: runs dist/cli/main.js, making it first where it is missing or older than its sources.
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = join(root, 'dist', 'cli', 'main.js');

/** Whether any source is newer than the build: a few hundred `stat` calls, some milliseconds. */
function isStale(builtAtMs) {
  const folders = [join(root, 'src')];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const item of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, item.name);
      if (item.isDirectory()) folders.push(path);
      else if (!item.name.endsWith('.test.ts') && statSync(path).mtimeMs > builtAtMs) return true;
    }
  }
  return false;
}

const built = statSync(entry, { throwIfNoEntry: false });
const hasSources = statSync(join(root, 'src'), { throwIfNoEntry: false }) !== undefined;
if (!built || (hasSources && isStale(built.mtimeMs))) {
  const { ensureReady, runScript } = await import('../scripts/setup.mjs');
  await runScript(() => ensureReady());
}
if (!process.exitCode) await import(entry);
