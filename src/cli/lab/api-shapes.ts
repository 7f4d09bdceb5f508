import { z } from 'zod';

/** What this command reads of the API's answers; everything else in them is let through for `--json`. */
export const checkShape = z.looseObject({
  id: z.string(),
  title: z.string(),
  state: z.string(),
  points: z.number(),
  maxPoints: z.number(),
  message: z.string().nullish(),
});

const stepShape = z.looseObject({
  id: z.string(),
  title: z.string().nullish(),
  state: z.string().nullish(),
  checks: z.array(checkShape).default([]),
});

export const labShape = z.looseObject({
  id: z.string(),
  scenario: z.union([z.string(), z.looseObject({ id: z.string() }).transform((scenario) => scenario.id)]),
  driver: z.string().nullish(),
  state: z.string(),
  reason: z.string().nullish(),
  phases: z
    .array(
      z.looseObject({
        name: z.string(),
        state: z.string(),
        startedAt: z.string().nullish(),
        endedAt: z.string().nullish(),
      }),
    )
    .default([]),
  queue: z.looseObject({ place: z.number().nullish() }).nullish(),
  expiresAt: z.string().nullish(),
  points: z.number().default(0),
  maxPoints: z.number().default(0),
  steps: z.array(stepShape).default([]),
});
export type Lab = z.output<typeof labShape>;

/** A list, bare or in an envelope. */
export const labListShape = z.union([
  z.array(labShape),
  z.looseObject({ items: z.array(labShape) }).transform((list) => list.items),
]);

export const gradeShape = z.looseObject({
  points: z.number(),
  maxPoints: z.number(),
  passed: z.boolean(),
  steps: z.array(stepShape),
});
