import { ClusterReadError } from './cluster-read-error.js';
import type { ClusterReader, ObjectReference } from './cluster-reader.js';
import { ConditionLimitError } from './condition.js';
import { parseDuration } from './duration.js';
import { fieldOf } from './field-path.js';
import { type Expectations, judgeObject, readExpectations } from './judge-object.js';
import { sayEmptySelection, sayMissingObject } from './nearest.js';
import { type Outcome, tellMismatches } from './outcome.js';
import { judgeSelection } from './quantifier.js';
import { type RecordedRead, recordReads, replayReads } from './record-reads.js';
import type { Check, ObjectSubject } from './schema.js';
import { joinSentences, sayNamespace, selectorText } from './sentence.js';
import type { CheckVerdict } from './verdict.js';

export interface GradeRequest {
  checks: readonly Check[];
  reader: ClusterReader;
  /** The time on the cluster's clock. */
  nowMs: number;
  /** When the learner asked; `within` counts from here. `nowMs` when absent. */
  sinceMs?: number | undefined;
}

/** All that the verdicts were made of: with the same checks, `replay` makes the same ones of it. Plain JSON. */
export interface Evidence {
  nowMs: number;
  sinceMs: number;
  reads: RecordedRead[];
}

/**
 * One verdict for each check, in their order. Depends on nothing but the checks, what the reader answers and the two
 * times; never rejects for what it finds in the cluster, nor when the cluster cannot be asked (`unknown`).
 */
export async function grade(request: GradeRequest): Promise<CheckVerdict[]> {
  return (await gradeWithEvidence(request)).verdicts;
}

export async function gradeWithEvidence({
  checks,
  reader,
  nowMs,
  sinceMs = nowMs,
}: GradeRequest): Promise<{ verdicts: CheckVerdict[]; evidence: Evidence }> {
  const recording = recordReads(reader);
  const verdicts = await Promise.all(
    checks.map(async (check) => toVerdict(check, await judgeCheck(check, recording), { nowMs, sinceMs })),
  );
  return { verdicts, evidence: { nowMs, sinceMs, reads: recording.reads() } };
}

/** The verdicts that `evidence` leads to, without a cluster. */
export function replay(checks: readonly Check[], evidence: Evidence): Promise<CheckVerdict[]> {
  const { nowMs, sinceMs, reads } = evidence;
  return grade({ checks, reader: replayReads(reads), nowMs, sinceMs });
}

async function judgeCheck(check: Check, reader: ClusterReader): Promise<Outcome> {
  try {
    const expectations = readExpectations(check);
    return check.object.name === undefined
      ? await judgeSeveral(check, expectations, reader)
      : await judgeNamed(check, expectations, reader);
  } catch (error) {
    if (error instanceof ClusterReadError || error instanceof ConditionLimitError)
      return { state: 'unknown', message: `could not check: ${error.message}` };
    throw error;
  }
}

async function judgeNamed(check: Check, expectations: Expectations, reader: ClusterReader): Promise<Outcome> {
  const subject = check.object;
  const object = await reader.get(referenceTo(subject));
  const label = `${subject.kind} ${subject.name}${sayNamespace(subject.namespace)}`;
  const mustBeAbsent = check.quantifier === 'none';
  if (object === undefined) {
    if (mustBeAbsent) return { state: 'passed', message: `there is no ${label}` };
    const message = await sayMissingObject(reader, subject);
    return { state: 'failed', message, observed: 'nothing', expected: label };
  }
  const mismatches = judgeObject(expectations, object, [object]);
  if (mustBeAbsent)
    return mismatches.length > 0
      ? { state: 'passed', message: `${label} is not like that` }
      : { state: 'failed', message: `there is a ${label}`, observed: label, expected: 'nothing' };
  if (mismatches.length === 0) return { state: 'passed', message: `${label} is as it should be` };
  return { state: 'failed', ...tellMismatches(label, mismatches) };
}

async function judgeSeveral(
  check: Check,
  expectations: Expectations,
  reader: ClusterReader,
): Promise<Outcome> {
  const subject = check.object;
  const selector = subject.selector === undefined ? undefined : selectorText(subject.selector);
  const objects = (await reader.list(referenceTo(subject), selector)).toSorted(byIdentity);
  const judged = objects.map((object) => ({
    label: labelOf(subject.kind, object),
    mismatches: judgeObject(expectations, object, objects),
  }));
  const outcome = judgeSelection(check, judged);
  if (objects.length > 0 || outcome.state === 'passed') return outcome;
  return { ...outcome, message: await sayEmptySelection(reader, subject) };
}

function toVerdict(
  check: Check,
  outcome: Outcome,
  { nowMs, sinceMs }: { nowMs: number; sinceMs: number },
): CheckVerdict {
  const maxPoints = check.points ?? 1;
  const deadlineMs = sinceMs + (check.within === undefined ? 0 : parseDuration(check.within));
  const isPending = outcome.state === 'failed' && nowMs < deadlineMs;
  const authorSays = outcome.state === 'failed' ? check.message : undefined;
  return {
    id: check.id,
    title: check.title,
    state: isPending ? 'pending' : outcome.state,
    points: outcome.state === 'passed' ? maxPoints : 0,
    maxPoints,
    message: joinSentences(authorSays, outcome.message),
    ...(outcome.observed !== undefined && { observed: outcome.observed }),
    ...(outcome.expected !== undefined && { expected: outcome.expected }),
    ...(isPending && { pendingUntilMs: deadlineMs }),
  };
}

function referenceTo({ apiVersion, kind, namespace, name }: ObjectSubject): ObjectReference {
  return {
    apiVersion,
    kind,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

function labelOf(kind: string, object: object): string {
  const metadata = fieldOf(object, 'metadata');
  const namespace = fieldOf(metadata, 'namespace');
  return `${kind} ${fieldOf(metadata, 'name')}${sayNamespace(namespace === undefined ? undefined : String(namespace))}`;
}

/** By namespace and name, so that the order in which the API server lists is never seen. */
function byIdentity(a: object, b: object): number {
  const [left, right] = [a, b].map((object) => {
    const metadata = fieldOf(object, 'metadata');
    return `${fieldOf(metadata, 'namespace') ?? ''}/${fieldOf(metadata, 'name') ?? ''}`;
  });
  return (left ?? '') < (right ?? '') ? -1 : 1;
}
