import { z } from 'zod';
import { checkSchema, durationText, identifier } from '../grader/schema.js';

/** `scenarios/<id>/scenario.yaml`; docs/scenarios.md explains it. Grows with optional keys; `apiVersion` says what it is. */
export const SCENARIO_API_VERSION = 'seatrial/v1';

/** A file of the scenario, named from its folder: `steps/first.md`. Nothing outside of it can be named. */
const fileIn = (folder: string, ending: string) =>
  z
    .string()
    .max(120)
    .regex(
      new RegExp(`^${folder}/[a-zA-Z0-9][a-zA-Z0-9._-]*\\.(${ending})$`),
      `expected a file in ${folder}/ that ends in .${ending.replaceAll('|', ' or .')}`,
    );

const waitSchema = z.strictObject({
  object: checkSchema.shape.object,
  quantifier: checkSchema.shape.quantifier,
  expect: checkSchema.shape.expect,
  cel: checkSchema.shape.cel,
  /** 60s when absent. */
  within: durationText.optional(),
});

/** One action; they run in order, before the learner gets in. */
const setupActionSchema = z
  .strictObject({
    apply: fileIn('setup', 'yaml|yml').optional(),
    run: fileIn('setup', 'sh').optional(),
    wait: waitSchema.optional(),
  })
  .refine((action) => Object.keys(action).length === 1, 'write exactly one of apply, run or wait');

const stepSchema = z.strictObject({
  id: identifier,
  title: z.string().min(1).max(120),
  text: fileIn('steps', 'md'),
  /** Shared evenly among the checks that name no points. Without it those are worth 1 each. */
  points: z.int().min(1).max(1000).optional(),
  hints: z.array(z.string().min(1).max(2000)).max(10).default([]),
  checks: z.array(checkSchema).min(1).max(50),
});

const clusterSchema = z.strictObject({
  workers: z.int().min(0).max(10).default(1),
  kubernetesVersion: z
    .string()
    .regex(/^1\.\d{2}$/, 'expected a minor version such as "1.35", in quotes')
    .optional(),
  images: z.array(z.string().min(1).max(255)).max(50).default([]),
});

export const scenarioSchema = z.strictObject({
  apiVersion: z.literal(SCENARIO_API_VERSION),
  id: identifier,
  title: z.string().min(1).max(120),
  summary: z.string().min(1).max(500),
  level: z.enum(['beginner', 'intermediate', 'advanced']),
  minutes: z.int().min(1).max(600),
  tags: z.array(identifier).max(20).default([]),
  drivers: z
    .array(z.enum(['simulated', 'kind']))
    .min(1)
    .default(['simulated', 'kind']),
  cluster: clusterSchema.default({ workers: 1, images: [] }),
  setup: z.array(setupActionSchema).max(50).default([]),
  steps: z.array(stepSchema).min(1).max(30),
  /** Percent of the points that pass the scenario. */
  passMark: z.int().min(1).max(100).default(100),
});

export type ScenarioFile = z.output<typeof scenarioSchema>;
export type WaitCondition = z.output<typeof waitSchema>;
