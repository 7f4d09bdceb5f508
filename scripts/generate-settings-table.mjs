// Writes the table of settings in README.md, between its two markers, from src/config/env.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const { ENVIRONMENT } = await import(join(root, 'dist/config/env.js'));
const [start, end] = ['<!-- settings -->', '<!-- /settings -->'];

const rows = Object.entries(ENVIRONMENT).map(([name, setting]) => {
  const parsed = setting.safeParse(undefined);
  const fallback = parsed.success && parsed.data !== undefined ? `\`${parsed.data}\`` : '';
  return `| \`${name}\` | ${fallback} | ${setting.description ?? ''} |`;
});
const table = ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');

const file = join(root, 'README.md');
const text = readFileSync(file, 'utf8');
const [before, after] = [text.indexOf(start), text.indexOf(end)];
if (before < 0 || after < before) throw new Error(`README.md has lost its markers ${start} and ${end}`);
writeFileSync(file, `${text.slice(0, before + start.length)}\n${table}\n${text.slice(after)}`);
