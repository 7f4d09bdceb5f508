// `npm run check`: everything CI checks. `-- --without-tests` leaves the tests out (CI ran `npm test` before).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERATORS, generate } from './generate.mjs';
import { ensureReady, root, runScript } from './setup.mjs';
import { runTests } from './test.mjs';

const node = (script, ...args) => [process.execPath, [join(root, 'node_modules', script), ...args]];

const CHECKS = [
  { name: 'format and lint', command: node('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.') },
  {
    name: 'types of the service and its tests',
    command: node('typescript/bin/tsc', '--project', 'tsconfig.test.json'),
  },
  { name: 'types of the page', command: node('typescript/bin/tsc', '--project', 'web/tsconfig.json') },
  {
    name: 'import directions',
    command: node(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
    ),
  },
  { name: 'scenarios', command: node('../bin/seatrial.mjs', 'lint', 'scenarios') },
  { name: 'self-tests of the scenarios', command: node('../bin/seatrial.mjs', 'test', 'scenarios') },
];

function passes({ name, command: [program, args] }) {
  console.log(`--- ${name}`);
  return spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** Regenerates what is committed and compares: a generated file must say what its source says. */
function generatedFilesAreCurrent() {
  console.log('--- generated files');
  const before = mkdtempSync(join(tmpdir(), 'seatrial-generated-'));
  try {
    const files = GENERATORS.flatMap(({ writes }) => writes);
    for (const file of files)
      if (existsSync(join(root, file))) cpSync(join(root, file), join(before, file), { recursive: true });
    generate();
    const same = files.map(
      (file) =>
        spawnSync('diff', ['-r', join(before, file), join(root, file)], { stdio: 'inherit' }).status === 0,
    );
    return same.every(Boolean);
  } finally {
    rmSync(before, { recursive: true, force: true });
  }
}

await runScript(async () => {
  const withTests = !process.argv.includes('--without-tests');
  await ensureReady({ forTests: withTests });
  const results = CHECKS.map(passes);
  results.push(generatedFilesAreCurrent());
  let passed = results.filter(Boolean).length;
  let failed = results.length - passed;
  if (withTests) {
    const tests = await runTests([]);
    passed += tests.passed;
    failed += tests.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
