import { ClusterReadError } from './cluster-read-error.js';
import type { ClusterReader, ObjectReference } from './cluster-reader.js';
import { fieldOf } from './field-path.js';
import type { ObjectSubject } from './schema.js';
import { sayChoice, sayNamespace, sayPlural, saySelector, selectorText } from './sentence.js';

/** `no Deployment web in namespace shop; there is one in default`: what is missing, and what comes closest to it. */
export async function sayMissingObject(reader: ClusterReader, subject: ObjectSubject): Promise<string> {
  const missing = `no ${subject.kind} ${subject.name}${sayNamespace(subject.namespace)}`;
  const others = await listEverywhere(reader, subject);
  const namesakes = others.filter((other) => other.name === subject.name).map((other) => other.namespace);
  if (namesakes.length > 0) return `${missing}; there is one in ${sayChoice(namesakes, 'and')}`;
  const neighbours = others
    .filter((other) => subject.namespace === undefined || other.namespace === subject.namespace)
    .map((other) => other.name);
  const similar = neighbours.filter((name) => isSimilar(name, subject.name ?? ''));
  if (similar.length > 0) return `${missing}; there is ${sayChoice(similar)}`;
  return neighbours.length > 0 ? `${missing}; there is ${sayChoice(neighbours, 'and')}` : missing;
}

/** `no Pod with app=web in namespace shop; there are 3 in default`. */
export async function sayEmptySelection(reader: ClusterReader, subject: ObjectSubject): Promise<string> {
  const missing = `no ${subject.kind}${saySelector(subject.selector)}${sayNamespace(subject.namespace)}`;
  if (subject.selector === undefined) return missing;
  const elsewhere = await listEverywhere(reader, subject, selectorText(subject.selector));
  if (elsewhere.length > 0) {
    const namespaces = [...new Set(elsewhere.map((object) => object.namespace))];
    const verb = elsewhere.length === 1 ? 'is' : 'are';
    return `${missing}; there ${verb} ${elsewhere.length} in ${sayChoice(namespaces, 'and')}`;
  }
  const unlabelled = (await listEverywhere(reader, subject)).filter(
    (object) => subject.namespace === undefined || object.namespace === subject.namespace,
  );
  if (unlabelled.length === 0) return missing;
  return `${missing}; ${sayPlural(unlabelled.length, subject.kind)} there without these labels`;
}

interface Candidate {
  name: string;
  namespace: string;
}

/** Candidates are a courtesy: when they cannot be listed, the sentence does without them. */
async function listEverywhere(
  reader: ClusterReader,
  subject: ObjectSubject,
  selector?: string,
): Promise<Candidate[]> {
  const ref: ObjectReference = { apiVersion: subject.apiVersion, kind: subject.kind, namespace: '*' };
  try {
    const objects = await reader.list(ref, selector);
    return objects
      .map(candidateOf)
      .sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
  } catch (error) {
    if (error instanceof ClusterReadError) return [];
    throw error;
  }
}

function candidateOf(object: object): Candidate {
  const metadata = fieldOf(object, 'metadata');
  return {
    name: String(fieldOf(metadata, 'name') ?? ''),
    namespace: String(fieldOf(metadata, 'namespace') ?? ''),
  };
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Two edits apart at most, or one inside the other. */
function isSimilar(name: string, wanted: string): boolean {
  return name.includes(wanted) || wanted.includes(name) || editDistance(name, wanted) <= 2;
}

/** Levenshtein's distance. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
