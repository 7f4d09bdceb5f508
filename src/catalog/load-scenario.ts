import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { explainIssues } from './explain-issues.js';
import { scenarioJsonSchema } from './json-schema.js';
import { byPosition, type Problem } from './problem.js';
import { readMutant, readSolution } from './read-script.js';
import type { Manifest, Mutant, Scenario, ScenarioStep, SetupAction, Solution } from './scenario.js';
import { readScenarioFolder, type ScenarioFolder } from './scenario-folder.js';
import { type ScenarioFile, scenarioSchema } from './scenario-schema.js';
import { scoreChecks } from './score-steps.js';
import { readYaml, type YamlDocument, type YamlPath } from './yaml-document.js';

export const SCENARIO_FILE = 'scenario.yaml';

/** A scenario, or none when there is an error among the problems. */
export interface LoadedScenario {
  scenario?: Scenario;
  problems: Problem[];
}

/** Reads and checks all files of one scenario's folder and reports every problem of every file. Never rejects. */
export async function loadScenario(path: string): Promise<LoadedScenario> {
  const folder = await readScenarioFolder(path);
  return new ScenarioLoader(folder).load();
}

const manifestSchema = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().min(1).optional() }),
});

/** Collects the problems of one folder while it turns its files into a scenario. */
class ScenarioLoader {
  private readonly problems: Problem[] = [];
  private readonly used = new Set([SCENARIO_FILE]);

  constructor(private readonly folder: ScenarioFolder) {
    for (const { file, message } of folder.problems) this.error(file, { line: 1, column: 1 }, message);
  }

  load(): LoadedScenario {
    const read = this.readScenarioFile();
    const scenario = read && this.assemble(read.file, read.document);
    if (scenario) this.warnAboutTheRest(scenario);
    else this.readAllManifests();
    const problems = this.problems.toSorted(byPosition);
    const isBroken = problems.some((problem) => problem.severity === 'error');
    return scenario && !isBroken ? { scenario, problems } : { problems };
  }

  private readScenarioFile(): { file: ScenarioFile; document: YamlDocument } | undefined {
    const start = { line: 1, column: 1 };
    const text = this.folder.files.get(SCENARIO_FILE);
    if (text === undefined) {
      if (this.problems.length === 0) this.error(SCENARIO_FILE, start, 'there is no such file');
      return undefined;
    }
    const { documents, errors } = readYaml(text);
    for (const error of errors) this.error(SCENARIO_FILE, error, error.message);
    const [document, second] = documents;
    if (errors.length > 0) return undefined;
    if (!document) return void this.error(SCENARIO_FILE, start, 'the file is empty');
    if (second)
      this.error(
        SCENARIO_FILE,
        second.positionOf([]),
        'a scenario is one YAML document, this is a second one',
      );
    const parsed = scenarioSchema.safeParse(document.value);
    if (parsed.success) return { file: parsed.data, document };
    for (const { message, ...position } of explainIssues(parsed.error.issues, document, scenarioJsonSchema()))
      this.error(SCENARIO_FILE, position, message);
    return undefined;
  }

  private assemble(file: ScenarioFile, document: YamlDocument): Scenario {
    const at = (path: YamlPath, message: string) =>
      this.error(SCENARIO_FILE, document.positionOf(path), message);
    if (file.id !== basename(this.folder.path))
      at(['id'], `the id must be the folder's name, ${basename(this.folder.path)}`);
    const setup = file.setup.flatMap((action, index) =>
      this.readSetup(action, (message) => at(['setup', index], message)),
    );
    reportRepeated(file.steps, (index, id) =>
      at(['steps', index, 'id'], `a second step with the id "${id}"`),
    );
    const steps = file.steps.map((step, index) =>
      this.readStep(step, (path, message) => at(['steps', index, ...path], message)),
    );
    const { setup: _setup, steps: _steps, apiVersion: _apiVersion, ...about } = file;
    return {
      ...about,
      path: this.folder.path,
      contentHash: this.folder.contentHash,
      points: steps.reduce((sum, step) => sum + step.points, 0),
      setup,
      steps,
      solutions: this.readSolutions(),
      mutants: this.readMutants(steps),
    };
  }

  private readStep(
    step: ScenarioFile['steps'][number],
    report: (path: YamlPath, message: string) => void,
  ): ScenarioStep {
    const text = this.textOf(step.text, (message) => report(['text'], message));
    reportRepeated(step.checks, (index, id) =>
      report(['checks', index, 'id'], `a second check with the id "${id}"`),
    );
    const scored = scoreChecks(step.checks, step.points);
    if (typeof scored === 'string') report(['points'], scored);
    const checks =
      typeof scored === 'string'
        ? step.checks.map((check) => ({ ...check, points: check.points ?? 0 }))
        : scored;
    const points = checks.reduce((sum, check) => sum + check.points, 0);
    return { id: step.id, title: step.title, text, points, hints: step.hints, checks };
  }

  private readSetup(action: ScenarioFile['setup'][number], report: (message: string) => void): SetupAction[] {
    if (action.wait) return [{ type: 'wait', condition: action.wait }];
    if (action.run !== undefined)
      return [{ type: 'run', file: action.run, script: this.textOf(action.run, report) }];
    if (action.apply === undefined) return [];
    const text = this.textOf(action.apply, report);
    return [{ type: 'apply', file: action.apply, manifests: this.readManifests(action.apply, text) }];
  }

  private readManifests(file: string, text: string): Manifest[] {
    const { documents, errors } = readYaml(text);
    for (const error of errors) this.error(file, error, error.message);
    return documents.flatMap((document) => {
      const parsed = manifestSchema.safeParse(document.value);
      if (parsed.success) return [parsed.data];
      for (const { message, ...position } of explainIssues(parsed.error.issues, document, {}))
        this.error(file, position, message);
      return [];
    });
  }

  /** Without a readable scenario.yaml, so that its problems do not hide those of the other files. */
  private readAllManifests(): void {
    for (const [name, text] of this.folder.files)
      if (/^setup\/.*\.ya?ml$/.test(name)) this.readManifests(name, text);
  }

  private readSolutions(): Solution[] {
    return this.scriptsIn('solutions').map(([file, script]) => readSolution(file, script));
  }

  private readMutants(steps: readonly ScenarioStep[]): Mutant[] {
    const known = new Set(steps.flatMap((step) => step.checks.map((check) => `${step.id}/${check.id}`)));
    return this.scriptsIn('mutants').map(([file, script]) => {
      const { mutant, line } = readMutant(file, script);
      const position = { line, column: 1 };
      if (mutant.fails.length === 0)
        this.error(file, position, 'say which checks must fail in a first comment: # fails: step/check, …');
      for (const name of mutant.fails)
        if (!known.has(name))
          this.error(file, position, `there is no check "${name}"; there are ${[...known].join(', ')}`);
      return mutant;
    });
  }

  private scriptsIn(folder: string): [string, string][] {
    const scripts = [...this.folder.files].filter(
      ([name]) => name.startsWith(`${folder}/`) && name.endsWith('.sh'),
    );
    for (const [name] of scripts) this.used.add(name);
    return scripts;
  }

  private textOf(name: string, report: (message: string) => void): string {
    this.used.add(name);
    const text = this.folder.files.get(name);
    if (text === undefined) report(`there is no file ${name}`);
    return text ?? '';
  }

  private warnAboutTheRest(scenario: Scenario): void {
    const start = { line: 1, column: 1 };
    if (scenario.solutions.length === 0)
      this.warn(SCENARIO_FILE, start, 'has no solutions/*.sh: nothing proves that it can be solved');
    if (scenario.mutants.length === 0)
      this.warn(SCENARIO_FILE, start, 'has no mutants/*.sh: nothing proves that its checks can fail');
    for (const name of this.folder.files.keys())
      if (/^(steps|setup|solutions|mutants)\//.test(name) && !this.used.has(name))
        this.warn(name, start, 'is not used by the scenario');
  }

  private error(file: string, { line, column }: { line: number; column: number }, message: string): void {
    this.problems.push({ file: this.shown(file), line, column, severity: 'error', message });
  }

  private warn(file: string, { line, column }: { line: number; column: number }, message: string): void {
    this.problems.push({ file: this.shown(file), line, column, severity: 'warning', message });
  }

  /** From the working directory when it is in there, as compilers do. */
  private shown(file: string): string {
    const full = join(this.folder.path, file);
    const fromHere = relative('.', full);
    return fromHere.startsWith('..') ? full : fromHere;
  }
}

function reportRepeated(items: readonly { id: string }[], report: (index: number, id: string) => void): void {
  const seen = new Set<string>();
  for (const [index, { id }] of items.entries()) {
    if (seen.has(id)) report(index, id);
    seen.add(id);
  }
}
