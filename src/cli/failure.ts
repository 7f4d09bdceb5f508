/** The command cannot be carried out as it was typed. */
export class UsageError extends Error {}

/** An error in a line or two, for people: its message and those of its causes. */
export function explainError(error: unknown): string {
  const lines: string[] = [];
  for (let current = error; current !== undefined && lines.length < 5; ) {
    lines.push(current instanceof Error ? current.message : String(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines.filter((line, index) => line !== '' && lines.indexOf(line) === index).join('\n  because ');
}
