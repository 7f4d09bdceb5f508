import { ExitCode } from '../exit-code.js';
import { gradeShape } from './api-shapes.js';
import { printSteps } from './print-steps.js';
import { Service } from './service.js';
import { pathOf } from './show-labs.js';

/** Grades and prints; `problems` unless every check that was asked passed. */
export async function checkLab(
  labId: string,
  { step, json }: { step?: string; json?: boolean },
): Promise<number> {
  const body = step === undefined ? {} : { step };
  const grade = await Service.fromEnvironment().post(`${pathOf(labId)}/grade`, gradeShape, body);
  if (json) console.log(JSON.stringify(grade, null, 2));
  else {
    printSteps(grade.steps);
    console.log(`${grade.points} of ${grade.maxPoints} points`);
  }
  const checks = grade.steps.flatMap((one) => one.checks);
  return checks.every((check) => check.state === 'passed') ? ExitCode.ok : ExitCode.problems;
}
