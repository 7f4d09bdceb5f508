import { readFileSync } from 'node:fs';
import { isObject, type JsonObject } from '../machinery/json.js';

/** Fields of the API server's own Go structs in their order: `<Go name> <JSON name> <Go type>`. */
const structs = JSON.parse(
  readFileSync(new URL('../schema/data/go-structs.json', import.meta.url), 'utf8'),
) as Record<string, string[]>;

type StructName = 'PodSpec' | 'PersistentVolumeClaimSpec';

/**
 * What an update would change in a spec that may not change, as the API server appends it to its refusal: a unified diff
 * of the two as Go structs printed as JSON, with three lines around each change and without file names.
 */
export function diffOfSpecs(before: object, after: object, struct: StructName): string {
  return unifiedDiff(dumpLines(before, struct), dumpLines(after, struct));
}

function dumpLines(value: object, struct: StructName): string[] {
  const members = value as JsonObject;
  return `${JSON.stringify(dumpStruct(members, struct, members), null, 1)}\n`.split('\n');
}

/** In the API server host flags are part of the security context; `spec` is where the API has them. */
function dumpStruct(value: JsonObject, struct: string, spec: JsonObject): JsonObject {
  const dumped: JsonObject = {};
  for (const field of structs[struct] ?? []) {
    const [goName = '', jsonName = '', type = ''] = field.split(' ');
    const member = jsonName.startsWith('^') ? spec[jsonName.slice(1)] : value[jsonName];
    dumped[goName] = dumpValue(member, type, spec);
  }
  return dumped;
}

function dumpValue(value: unknown, type: string, spec: JsonObject): unknown {
  if (value === undefined || value === null) return zeroOf(type, spec);
  if (Array.isArray(value)) return value.map((item) => dumpValue(item, type.replace('[]', ''), spec));
  const struct = type.replace('*', '');
  return isObject(value) && structs[struct] ? dumpStruct(value, struct, spec) : value;
}

function zeroOf(type: string, spec: JsonObject): unknown {
  if (structs[type]) return dumpStruct({}, type, spec);
  if (/^int|^IntOrString/.test(type)) return 0;
  if (type === 'bool') return false;
  if (type === 'Quantity') return '0';
  return type === 'string' || type === 'types.UID' ? '' : null;
}

interface Edit {
  kind: ' ' | '-' | '+';
  line: string;
  /** Lines of either text that come before this one. */
  before: number;
  after: number;
}

const CONTEXT_LINES = 3;

function unifiedDiff(before: string[], after: string[]): string {
  const edits = editsBetween(before, after);
  const changed = edits.flatMap(({ kind }, index) => (kind === ' ' ? [] : [index]));
  let text = '';
  for (let next = 0; next < changed.length; ) {
    const first = changed[next] ?? 0;
    let last = first;
    while (next < changed.length && (changed[next] ?? 0) - last <= 2 * CONTEXT_LINES)
      last = changed[next++] ?? last;
    text += formatHunk(edits.slice(Math.max(0, first - CONTEXT_LINES), last + CONTEXT_LINES + 1));
  }
  return text;
}

function formatHunk(edits: Edit[]): string {
  const removed = edits.filter(({ kind }) => kind !== '+').length;
  const added = edits.filter(({ kind }) => kind !== '-').length;
  const [start] = edits;
  const range = (from = 0, length = 0) =>
    length === 1 ? `${from + 1}` : `${length === 0 ? from : from + 1},${length}`;
  const lines = edits.map(({ kind, line }) => `${kind}${line}\n`).join('');
  return `@@ -${range(start?.before, removed)} +${range(start?.after, added)} @@\n${lines}`;
}

/** The shortest edit by the longest common subsequence of what lies between the common start and end. */
function editsBetween(before: string[], after: string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const kinds = [
    ...Array<Edit['kind']>(start).fill(' '),
    ...middleKinds(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...Array<Edit['kind']>(end).fill(' '),
  ];
  let [oldLine, newLine] = [0, 0];
  return kinds.map((kind) => {
    const line = (kind === '+' ? after[newLine] : before[oldLine]) ?? '';
    const edit = { kind, line, before: oldLine, after: newLine };
    if (kind !== '+') oldLine++;
    if (kind !== '-') newLine++;
    return edit;
  });
}

/** More lines than this on both sides are shown as replaced altogether. */
const MAX_COMPARED_LINES = 1500;

function middleKinds(before: string[], after: string[]): Edit['kind'][] {
  if (before.length > MAX_COMPARED_LINES || after.length > MAX_COMPARED_LINES)
    return [...before.map(() => '-' as const), ...after.map(() => '+' as const)];
  const common = commonLengths(before, after);
  const kinds: Edit['kind'][] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      kinds.push(' ');
      i++;
      j++;
    } else if (j === after.length || (i < before.length && at(common, i + 1, j) >= at(common, i, j + 1))) {
      kinds.push('-');
      i++;
    } else {
      kinds.push('+');
      j++;
    }
  }
  return kinds;
}

const at = (table: Uint16Array[], row: number, column: number) => table[row]?.[column] ?? 0;

/** Length of the longest common subsequence of `before` from row i on and `after` from column j on. */
function commonLengths(before: string[], after: string[]): Uint16Array[] {
  const table = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row)
        row[j] =
          before[i] === after[j]
            ? at(table, i + 1, j + 1) + 1
            : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  return table;
}
