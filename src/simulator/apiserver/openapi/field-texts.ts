import { readFileSync } from 'node:fs';

/** What `kubectl explain` says about a type (key `''`) and its fields. */
export type TypeTexts = Record<string, string>;

/** By full type name. */
export type FieldTexts = Record<string, TypeTexts>;

/**
 * Reads the texts that scripts/generate-field-texts.mjs wrote; none where it has not run. They are only needed while
 * documents are made, so nothing is kept here.
 */
export function readFieldTexts(): FieldTexts {
  try {
    const path = new URL('../../schema/data/field-texts.generated.json', import.meta.url);
    return JSON.parse(readFileSync(path, 'utf8')) as FieldTexts;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
