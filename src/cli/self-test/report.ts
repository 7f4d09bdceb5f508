import { formatTable } from '../table.js';
import type { TrialResult } from './trial.js';

/** One line a trial, then what went wrong, then the sum. */
export function printReport(results: readonly TrialResult[], asJson: boolean): void {
  if (asJson) console.log(JSON.stringify(results, null, 2));
  else printTable(results);
}

function printTable(results: readonly TrialResult[]): void {
  const rows = results.map((result) => [
    result.scenario,
    describe(result),
    result.ok ? 'ok' : 'FAILED',
    `${result.points}/${result.maxPoints}`,
    `${(result.durationMs / 1000).toFixed(1)} s`,
  ]);
  console.log(formatTable(['SCENARIO', 'TRIAL', 'RESULT', 'POINTS', 'TIME'], rows));
  for (const result of results)
    for (const problem of result.problems)
      console.log(`\n${result.scenario}, ${describe(result)}: ${problem}`);
  const count = (kind: TrialResult['kind']) => results.filter((result) => result.kind === kind).length;
  const passed = results.filter((result) => result.ok).length;
  console.log(
    `\n${count('untouched')} scenarios, ${count('solution')} solutions, ${count('mutant')} mutants`,
  );
  console.log(`${passed} passed, ${results.length - passed} failed`);
}

const describe = ({ kind, name }: TrialResult): string => (kind === 'untouched' ? kind : `${kind} ${name}`);
