import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { checkSchema, OPERATORS } from '../grader/schema.js';
import { Catalogue } from './catalogue.js';
import { scenarioJsonSchema } from './json-schema.js';
import { formatProblem } from './problem.js';
import { readYaml } from './yaml-document.js';

const page = await readFile(join(PACKAGE_ROOT, 'docs/scenarios.md'), 'utf8');
const examples = [...page.matchAll(/```yaml check\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

describe('docs/scenarios.md', () => {
  it.each(examples.map((text) => [/^id: (.*)$/m.exec(text)?.[1], text]))(
    'example %s is a check',
    (_, text) => {
      const [document] = readYaml(text ?? '').documents;
      expect(checkSchema.safeParse(document?.value).error?.issues).toBeUndefined();
    },
  );

  it.each(OPERATORS)('shows the operator %s', (operator) => {
    expect(examples.join('\n')).toMatch(
      new RegExp(operator === 'equals' ? ': RollingUpdate' : `${operator}:`),
    );
  });

  it.each(Object.keys(scenarioJsonSchema()['properties'] as object))('explains the key %s', (key) => {
    expect(page).toContain(`${key}:`);
  });
});

describe('scenarios/', () => {
  it('are without a problem', async () => {
    const { problems } = await Catalogue.load([join(PACKAGE_ROOT, 'scenarios')]);
    expect(problems.map(formatProblem)).toEqual([]);
  });
});
