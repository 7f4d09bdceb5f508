import { ClusterReadError } from './cluster-read-error.js';
import type { ClusterReader, ObjectReference } from './cluster-reader.js';

/** One question to the cluster and its answer: objects found, or why there is none. */
export interface RecordedRead {
  question: string;
  objects: object[];
  error?: string;
}

const questionOf = (verb: 'get' | 'list', ref: ObjectReference, selector?: string): string =>
  JSON.stringify([verb, ref.apiVersion, ref.kind, ref.namespace ?? null, ref.name ?? null, selector ?? null]);

/**
 * A reader that asks `reader` each question once and remembers the answer, so that all checks of one grading see the
 * same, and `reads()` is the evidence that replayReads answers from.
 */
export function recordReads(reader: ClusterReader): ClusterReader & { reads(): RecordedRead[] } {
  const answers = new Map<string, Promise<object[]>>();
  const recorded = new Map<string, RecordedRead>();

  const ask = (question: string, read: () => Promise<object[]>): Promise<object[]> => {
    const known = answers.get(question);
    if (known) return known;
    const answer = read().then(
      (objects) => {
        recorded.set(question, { question, objects });
        return objects;
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        recorded.set(question, { question, objects: [], error: message });
        throw error;
      },
    );
    answers.set(question, answer);
    return answer;
  };

  return {
    get: async (ref) => {
      const objects = await ask(questionOf('get', ref), async () => {
        const object = await reader.get(ref);
        return object === undefined ? [] : [object];
      });
      return objects[0];
    },
    list: (ref, selector) => ask(questionOf('list', ref, selector), () => reader.list(ref, selector)),
    reads: () => [...recorded.values()].sort((a, b) => (a.question < b.question ? -1 : 1)),
  };
}

/** Answers from what was recorded; a question that was never asked is a ClusterReadError. */
export function replayReads(reads: readonly RecordedRead[]): ClusterReader {
  const answers = new Map(reads.map((read) => [read.question, read]));
  const answer = async (question: string): Promise<object[]> => {
    const read = answers.get(question);
    if (!read) throw new ClusterReadError('this was not looked at when the evidence was taken');
    if (read.error !== undefined) throw new ClusterReadError(read.error);
    return read.objects;
  };
  return {
    get: async (ref) => (await answer(questionOf('get', ref)))[0],
    list: (ref, selector) => answer(questionOf('list', ref, selector)),
  };
}
