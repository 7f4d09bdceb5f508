import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { LAB_STATES } from './lab-state.js';

const time = z.iso.datetime().describe('UTC, ISO 8601.');

const verdictState = z.enum(['passed', 'failed', 'pending', 'unknown']);

const checkSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: verdictState.describe(
    '`pending`: not yet, or not looked at yet. `unknown`: could not look; never counts against the learner.',
  ),
  points: z.number(),
  maxPoints: z.number(),
  message: z.string(),
  observed: z.string().optional(),
  expected: z.string().optional(),
});
export type CheckView = z.output<typeof checkSchema>;

const stepSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: verdictState.describe('`passed` when all its checks are.'),
  points: z.number(),
  maxPoints: z.number(),
  hints: z.number().int().describe('How many hints there are.'),
  hintsGiven: z.array(z.string()).describe('Markdown; those already asked for.'),
  checks: z.array(checkSchema),
});

const phaseSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  startedAt: time,
  endedAt: time.optional(),
  message: z.string().optional(),
});

export const labSchema = z.object({
  id: z.string(),
  scenario: z.string(),
  scenarioHash: z.string().describe('The content of the scenario that this lab was started from.'),
  driver: z.string(),
  state: z.enum(LAB_STATES),
  reason: z.string().optional().describe('Why it is over, for people.'),
  reasonCode: z.string().optional().describe('The same for programs.'),
  createdAt: time,
  readyAt: time.optional(),
  endedAt: time.optional(),
  expiresAt: time,
  phases: z.array(phaseSchema),
  queue: z
    .object({ place: z.number().int().describe('1 is next; 0 is being made.'), expectedReadyAt: time })
    .optional(),
  points: z.number(),
  maxPoints: z.number(),
  steps: z.array(stepSchema),
});
export type LabView = z.output<typeof labSchema>;

const gradeSchema = z.object({
  id: z.string(),
  labId: z.string(),
  gradedAt: time,
  points: z.number().describe('Of the whole lab, after this grading.'),
  maxPoints: z.number(),
  passed: z.boolean().describe('Whether the lab has reached the pass mark of its scenario.'),
  steps: z.array(z.object({ id: z.string(), checks: z.array(checkSchema) })),
});
export type GradeView = z.output<typeof gradeSchema>;

const duration = z
  .string()
  .regex(/^(?=.)(\d+h)?(\d+m)?(\d+s)?$/, 'expected a duration such as 45s, 5m or 1h30m')
  .describe('A duration such as 45s, 5m or 1h30m.');

export class LabDto extends createZodDto(labSchema) {}
export class LabListDto extends createZodDto(z.object({ items: z.array(labSchema) })) {}
export class CreateLabDto extends createZodDto(
  z.strictObject({
    scenario: z.string().min(1).max(100),
    driver: z.enum(['simulated', 'kind'], 'must be simulated or kind').optional(),
  }),
) {}
export class GradeRequestDto extends createZodDto(
  z.strictObject({ step: z.string().max(100).optional() }).default({}),
) {}
export class GradeDto extends createZodDto(gradeSchema) {}
export class ExtendDto extends createZodDto(
  z.strictObject({ minutes: z.number().int().min(1).max(43_200).default(60) }).prefault({}),
) {}
export class ClockDto extends createZodDto(z.strictObject({ advance: duration })) {}
export class HintRequestDto extends createZodDto(z.strictObject({ step: z.string().max(100) })) {}
export class HintDto extends createZodDto(
  z.object({ step: z.string(), number: z.number().int(), of: z.number().int(), text: z.string() }),
) {}

export class HostListDto extends createZodDto(
  z.object({
    items: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        alive: z.boolean(),
        drivers: z.array(z.string()),
        slots: z.number().int(),
        usedSlots: z.number().int(),
        startedAt: time,
        heartbeatAt: time,
      }),
    ),
  }),
) {}
