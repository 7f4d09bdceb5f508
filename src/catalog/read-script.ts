import type { Mutant, Solution } from './scenario.js';

/** The comment lines at the top of a script, without `#` and the shebang line. */
function headerOf(script: string): { text: string; line: number }[] {
  const header: { text: string; line: number }[] = [];
  for (const [index, line] of script.split('\n').entries()) {
    if (line.startsWith('#!')) continue;
    if (!line.startsWith('#')) break;
    header.push({ text: line.replace(/^#+\s*/, '').trim(), line: index + 1 });
  }
  return header;
}

const FAILS = /^fails:\s*(.*)$/i;

export function readSolution(file: string, script: string): Solution {
  const name = file.replace(/^.*\//, '').replace(/\.sh$/, '');
  const title = headerOf(script).find(({ text }) => text !== '' && !FAILS.test(text))?.text;
  return { name, title: title ?? name, file, script };
}

/** `fails` is empty when the header line `# fails: step/check, …` is missing; `line` is where it is, or 1. */
export function readMutant(file: string, script: string): { mutant: Mutant; line: number } {
  const lines = headerOf(script).filter(({ text }) => FAILS.test(text));
  const fails = lines.flatMap(({ text }) =>
    (FAILS.exec(text)?.[1] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  );
  return { mutant: { ...readSolution(file, script), fails }, line: lines[0]?.line ?? 1 };
}
