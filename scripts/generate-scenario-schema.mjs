// Writes scenarios/schema.json, the JSON Schema of scenario.yaml for editors, from src/catalog/scenario-schema.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const { scenarioJsonSchema } = await import(join(root, 'dist/catalog/json-schema.js'));
writeFileSync(join(root, 'scenarios/schema.json'), `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
