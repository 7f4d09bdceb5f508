import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from './catalogue.js';
import { loadScenario } from './load-scenario.js';
import { publicScenario } from './public-scenario.js';

const SCENARIO = `apiVersion: seatrial/v1
id: sample
title: Sample
summary: A sample
level: beginner
minutes: 5
setup:
  - apply: setup/shop.yaml
steps:
  - id: first
    title: First
    text: steps/first.md
    points: 4
    hints: [Look closer]
    checks:
      - id: exists
        title: It exists
        object: { apiVersion: v1, kind: ConfigMap, name: secret-target }
      - id: content
        title: It says so
        points: 3
        object: { apiVersion: v1, kind: ConfigMap, name: secret-target }
        expect:
          data.key: the-answer
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seatrial-catalogue-'));
  await writeScenario(SCENARIO);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeScenario(text: string): Promise<void> {
  const files = {
    'scenario.yaml': text,
    'steps/first.md': 'Do it.',
    'setup/shop.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n',
    'solutions/one.sh': '#!/bin/bash\n# The only way\ntrue\n',
    'mutants/none.sh': '# Does nothing\n# fails: first/exists, first/content\ntrue\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFileIn(name, content);
}

async function writeFileIn(name: string, content: string): Promise<void> {
  const path = join(folder, 'sample', name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
}

/** `line:column: message` of every problem. */
async function problemsOf(): Promise<string[]> {
  const { problems } = await loadScenario(join(folder, 'sample'));
  return problems.map(({ file, line, column, severity, message }) => {
    const mark = severity === 'warning' ? 'warning: ' : '';
    return `${file.replace(/^.*\/sample\//, '')}:${line}:${column}: ${mark}${message}`;
  });
}

const withLine = (from: string, to: string) => writeScenario(SCENARIO.replace(from, to));

describe('a good scenario', () => {
  it('is loaded with all its files', async () => {
    const { scenario, problems } = await loadScenario(join(folder, 'sample'));
    expect(problems).toEqual([]);
    expect(scenario).toMatchObject({
      id: 'sample',
      points: 4,
      passMark: 100,
      drivers: ['simulated', 'kind'],
      setup: [{ type: 'apply', manifests: [{ kind: 'Namespace' }] }],
      steps: [
        {
          text: 'Do it.',
          points: 4,
          checks: [
            { id: 'exists', points: 1 },
            { id: 'content', points: 3 },
          ],
        },
      ],
      solutions: [{ name: 'one', title: 'The only way' }],
      mutants: [{ name: 'none', title: 'Does nothing', fails: ['first/exists', 'first/content'] }],
    });
  });

  it('keeps everything private but what publicScenario names', async () => {
    const { scenario } = await loadScenario(join(folder, 'sample'));
    if (!scenario) throw new Error('not loaded');
    const shown = JSON.stringify(publicScenario(scenario));
    expect(shown).toContain('It says so');
    for (const secret of ['the-answer', 'secret-target', 'Look closer', 'The only way', 'shop', folder])
      expect(shown).not.toContain(secret);
  });

  it('has another hash when any file changes', async () => {
    const hash = async () => (await loadScenario(join(folder, 'sample'))).scenario?.contentHash;
    const before = await hash();
    expect(await hash()).toBe(before);
    await writeFileIn('setup/shop.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop2\n');
    expect(await hash()).not.toBe(before);
  });
});

describe('problems are told with their place', () => {
  it.each([
    [
      'level: beginner',
      'levl: beginner',
      ['5:1: unknown key "levl"; did you mean "level"?', '1:1: "level" is missing; write beginner'],
    ],
    [
      'level: beginner',
      'level: begginer',
      ['5:8: level: expected beginner, intermediate, advanced, found "begginer"; did you mean "beginner"?'],
    ],
    ['minutes: 5', 'minutes: five', ['6:10: minutes: expected number, found string']],
    ['title: Sample', 'title: [Sample', ['scenario.yaml:']],
    ['data.key: the-answer', 'data.[key: the-answer', ['data.[key']],
    [
      'data.key: the-answer',
      'data.key: { equal: the-answer }',
      ['24:23: steps[0].checks[1].expect["data.key"]: unknown key "equal"; did you mean "equals"?'],
    ],
    [
      'data.key: the-answer',
      'data.key: { matches: "(" }',
      ['24:32: steps[0].checks[1].expect["data.key"].matches: not a pattern:'],
    ],
    ['points: 3', 'points: 5', ['13:13: -1 points cannot be shared']],
    ['id: content', 'id: exists', ['a second check with the id "exists"']],
    [
      'text: steps/first.md',
      'text: steps/second.md',
      ['12:11: there is no file steps/second.md', 'steps/first.md:1:1: warning: is not used'],
    ],
    ['text: steps/first.md', 'text: steps/../../etc/passwd', ['expected a file in steps/']],
    ['id: sample', 'id: other', ["2:5: the id must be the folder's name, sample"]],
  ])('%s → %s', async (from, to, expected) => {
    await withLine(from, to);
    const text = (await problemsOf()).join('\n');
    for (const part of expected) expect(text).toContain(part);
  });

  it('in all files at once', async () => {
    await withLine('minutes: 5', 'minutes: five');
    await writeFileIn('setup/shop.yaml', 'kind: Namespace\nmetadata: {name: a}\n');
    expect(await problemsOf()).toEqual([
      'scenario.yaml:6:10: minutes: expected number, found string',
      'setup/shop.yaml:1:1: "apiVersion" is missing',
    ]);
    await writeScenario(SCENARIO);
    await writeFileIn('setup/shop.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {}\n');
    await writeFileIn('mutants/none.sh', '# fails: first/nothing\n');
    expect(await problemsOf()).toEqual([
      'mutants/none.sh:1:1: there is no check "first/nothing"; there are first/exists, first/content',
      'setup/shop.yaml:3:11: metadata: "name" is missing',
    ]);
  });

  it('links are not followed', async () => {
    await symlink('/etc/hostname', join(folder, 'sample/steps/link.md'));
    expect((await problemsOf()).join()).toContain('steps/link.md:1:1: is a link');
  });
});

describe('the catalogue', () => {
  it('leaves a broken scenario out, and only that one', async () => {
    await cp(join(folder, 'sample'), join(folder, 'broken'), { recursive: true });
    const catalogue = await Catalogue.load([folder, join(folder, 'nowhere')]);
    expect(catalogue.list().map((scenario) => scenario.id)).toEqual(['sample']);
    expect(catalogue.get('sample')?.title).toBe('Sample');
    expect(catalogue.get('broken')).toBeUndefined();
    expect(catalogue.problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining("must be the folder's name"),
      expect.stringContaining('cannot be read'),
    ]);
  });
});
