// `npm run generate`: writes every generated file that is committed. `npm run check` does the same and compares.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureReady, root, runScript } from './setup.mjs';

/** Script, and the files it writes (for the drift check). */
export const GENERATORS = [
  { script: 'scripts/generate-kubernetes-types.mjs', writes: ['src/simulator/api'] },
  { script: 'scripts/generate-scenario-schema.mjs', writes: ['scenarios/schema.json'] },
  { script: 'scripts/generate-settings-table.mjs', writes: ['README.md'] },
];

export function generate() {
  for (const { script } of GENERATORS) {
    const { status } = spawnSync(process.execPath, [join(root, script)], { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error(`${script} failed`);
  }
}

if (import.meta.url === `file://${process.argv[1]}`) {
  await runScript(async () => {
    await ensureReady();
    generate();
  });
}
