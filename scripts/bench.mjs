// `npm run bench [-- NAME…] [--json FILE]`: measures; one line a figure. Names are the files of bench/.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureReady, root, runScript, SetupProblem } from './setup.mjs';

const BENCHES = ['labs', 'terminal', 'clusters', 'api'];

await runScript(async () => {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !BENCHES.includes(name));
  if (unknown.length > 0)
    throw new SetupProblem(`no benchmark ${unknown.join(', ')}; there are: ${BENCHES.join(', ')}`);
  await ensureReady();
  const { Figures } = await import(join(root, 'bench/figures.mjs'));
  const figures = new Figures();
  for (const name of positionals.length > 0 ? positionals : BENCHES) {
    const { run } = await import(join(root, `bench/${name}.mjs`));
    await run(figures);
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(figures.list, null, 2)}\n`);
});
