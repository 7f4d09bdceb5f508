/**
 * `pending`: not yet, and its `within` is not over. `unknown`: could not look (the cluster did not answer, or a bound was
 * hit); it never counts against the learner and is worth asking again.
 */
export type VerdictState = 'passed' | 'failed' | 'pending' | 'unknown';

/** The answer to one check. `observed` and `expected` are short texts for people, at most 500 characters. */
export interface CheckVerdict {
  id: string;
  title: string;
  state: VerdictState;
  points: number;
  maxPoints: number;
  message: string;
  observed?: string;
  expected?: string;
  /** Milliseconds since the epoch; set while `pending`: when it turns into failed. */
  pendingUntilMs?: number;
}
