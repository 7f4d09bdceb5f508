import { byPosition, formatProblem, type Problem } from '../catalog/problem.js';
import { ExitCode } from './exit-code.js';
import { loadScenarios } from './load-scenarios.js';
import { toSarif } from './sarif.js';

/** Prints all problems of the scenarios; 1 when there is an error among them, warnings are none. */
export async function lintScenarios(
  paths: readonly string[],
  output: { json?: boolean; sarif?: boolean },
): Promise<number> {
  const loaded = await loadScenarios(paths);
  const problems = loaded.flatMap((scenario) => scenario.problems).toSorted(byPosition);
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  if (output.sarif) console.log(JSON.stringify(toSarif(problems), null, 2));
  else if (output.json) console.log(JSON.stringify(problems, null, 2));
  else printProblems(problems, loaded.length);
  return errors > 0 ? ExitCode.problems : ExitCode.ok;
}

function printProblems(problems: readonly Problem[], scenarios: number): void {
  for (const problem of problems) console.log(formatProblem(problem));
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  console.error(
    [count(scenarios, 'scenario'), count(errors, 'error'), count(problems.length - errors, 'warning')].join(
      ', ',
    ),
  );
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
