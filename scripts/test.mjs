// `npm test`: makes the checkout ready, runs every test that needs no Docker, prints `N passed, N failed` last.
// Words after `--` go to vitest: `npm test -- --project unit src/grader`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureReady, root, runScript, unpackKubectl } from './setup.mjs';

/** The oldest and middle kubectl that the conformance tests use besides the learners' own. */
const OTHER_KUBECTLS = ['31', '33'];

function runVitest(args, reportFile) {
  return new Promise((resolve, reject) => {
    const vitest = spawn(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${reportFile}`,
        ...args,
      ],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NODE_ENV: 'test' } },
    );
    process.on('SIGTERM', () => vitest.kill('SIGTERM'));
    vitest.on('error', reject);
    vitest.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs the tests; returns true totals. A file that could not even be loaded counts as one failure. */
export async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-tests-'));
  const reportFile = join(folder, 'report.json');
  try {
    const code = await runVitest(args, reportFile);
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    const unloaded = report.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    let failed = report.numFailedTests + unloaded.length;
    if (code !== 0 && failed === 0) failed = 1;
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === `file://${process.argv[1]}`) {
  await runScript(async () => {
    await ensureReady({ forTests: true });
    for (const minor of OTHER_KUBECTLS) await unpackKubectl(minor);
    const { passed, failed } = await runTests(process.argv.slice(2));
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  });
}
