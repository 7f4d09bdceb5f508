/** Something wrong in a scenario's files. Errors keep the scenario out of the catalogue; warnings do not. */
export interface Problem {
  /** The path as the reader of the message can open it. */
  file: string;
  /** Both from 1. */
  line: number;
  column: number;
  severity: 'error' | 'warning';
  message: string;
}

/** `scenarios/web/scenario.yaml:12: unknown key "imge"; did you mean "image"?` */
export function formatProblem({ file, line, severity, message }: Problem): string {
  return `${file}:${line}: ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

export function byPosition(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
