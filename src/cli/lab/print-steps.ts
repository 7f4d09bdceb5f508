import type { Lab } from './api-shapes.js';

const MARKS: Record<string, string> = { passed: '✓', failed: '✗', pending: '…', unknown: '?' };

/** Every check with its verdict; the message where it has not passed. */
export function printSteps(steps: Lab['steps']): void {
  for (const step of steps) {
    console.log(step.title ?? step.id);
    for (const check of step.checks) {
      const mark = MARKS[check.state] ?? ' ';
      console.log(`  ${mark} ${check.title} (${check.points}/${check.maxPoints})`);
      if (check.state !== 'passed' && check.message) console.log(`      ${check.message}`);
    }
  }
}
