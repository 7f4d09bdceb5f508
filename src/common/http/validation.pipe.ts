import { createZodValidationPipe } from 'nestjs-zod';
import { ZodError } from 'zod';
import { DomainError, type FieldError } from '../domain-error.js';

/** Parses bodies and queries by the zod schema of their class; throws `validation-failed` naming every wrong field. */
export const ValidationPipe = createZodValidationPipe({
  createValidationException: (error) =>
    error instanceof ZodError
      ? new DomainError('validation-failed', undefined, { errors: listFieldErrors(error) })
      : new DomainError('internal', undefined, { cause: error }),
});

/** One entry for each wrong field, with paths such as `steps[0].title`; the body itself has the path ``. */
export function listFieldErrors(error: ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = writePath(issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({
      path: path ? `${path}.${key}` : key,
      message: 'There is no such field',
    }));
  });
}

function writePath(path: PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
