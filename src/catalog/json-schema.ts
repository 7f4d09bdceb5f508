import { z } from 'zod';
import { scenarioSchema } from './scenario-schema.js';

/** Names the schema of scenario.yaml, which `npm run generate` writes to scenarios/schema.json. */
export const SCENARIO_SCHEMA_ID = 'urn:seatrial:scenario:v1';

/** The JSON Schema (2020-12) of scenario.yaml, as authors write it. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' });
  return { $schema, $id: SCENARIO_SCHEMA_ID, title: 'Seatrial scenario', ...schema };
}
