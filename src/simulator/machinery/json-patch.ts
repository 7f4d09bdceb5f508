import { applyPatch, type Operation } from 'rfc6902';
import { cloneJson, equalJson, getPath, isObject } from './json.js';

/** The patch is malformed or does not fit the object; the message is the one of the API server's patch library. */
export class PatchError extends Error {
  override name = 'PatchError';

  constructor(
    message: string,
    /** `malformed`: the patch itself is wrong (400). `inapplicable`: it does not fit this object (422). */
    readonly kind: 'malformed' | 'inapplicable',
  ) {
    super(message);
  }
}

const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** The API server refuses more operations than this in one patch. */
const MAX_OPERATIONS = 10_000;

/** JSON patch, RFC 6902: all operations or none. Changes neither argument. Throws `PatchError`. */
export function applyJsonPatch(original: unknown, patch: unknown): unknown {
  const holder = { document: cloneJson(original) };
  for (const operation of checkOperations(patch)) applyOperation(holder, operation);
  return holder.document;
}

function checkOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch))
    throw new PatchError('json: cannot unmarshal object into Go value of type jsonpatch.Patch', 'malformed');
  if (patch.length > MAX_OPERATIONS)
    throw new PatchError(
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
      'malformed',
    );
  for (const operation of patch) {
    if (!isObject(operation) || !OPERATIONS.includes(String(operation['op'])))
      throw new PatchError(
        `Unexpected kind: ${isObject(operation) ? String(operation['op'] ?? 'unknown') : 'unknown'}`,
        'inapplicable',
      );
    if (typeof operation['path'] !== 'string')
      throw new PatchError(
        `${String(operation['op'])} operation failed to decode path: missing value`,
        'inapplicable',
      );
  }
  return patch as Operation[];
}

interface Holder {
  document: unknown;
}

function applyOperation(holder: Holder, operation: Operation): void {
  if (operation.op === 'test') {
    assertEqual(holder.document, operation.path, operation.value);
    return;
  }
  if (operation.op === 'move' || operation.op === 'copy')
    assertPresent(holder.document, operation.op, operation.from);
  if (operation.op === 'remove' || operation.op === 'replace')
    assertPresent(holder.document, operation.op, operation.path);
  else assertRoom(holder.document, operation.op, operation.path);
  const [error] = applyPatch(holder, [nestPaths(cloneJson(operation))]);
  if (error) throw missingPath(operation.op, operation.path);
}

/** The library cannot replace the whole document in place, so it works on a member of the holder. */
function nestPaths(operation: Operation): Operation {
  const nested = { ...operation, path: `/document${operation.path}` };
  return 'from' in nested ? { ...nested, from: `/document${nested.from}` } : nested;
}

function assertEqual(document: unknown, path: string, value: unknown): void {
  const { parent, steps } = locate(document, path);
  if (parent === undefined)
    throw new PatchError(`error in test for path: '${path}': missing value`, 'inapplicable');
  if (!equalJson(getPath(document, ...steps) ?? null, value ?? null))
    throw new PatchError(`testing value ${path} failed: test failed`, 'inapplicable');
}

function assertPresent(document: unknown, op: string, path: string): void {
  const { parent, last, steps } = locate(document, path);
  if (parent === undefined) throw missingPath(op, path);
  if (Array.isArray(parent)) assertIndex(last, parent.length - 1, op, path);
  if (getPath(document, ...steps) !== undefined) return;
  if (op === 'replace')
    throw new PatchError(
      `replace operation does not apply: doc is missing key: ${path}: missing value`,
      'inapplicable',
    );
  throw new PatchError(
    `error in ${op} for path: '${path}': Unable to ${op} nonexistent key: ${last}: missing value`,
    'inapplicable',
  );
}

/** Where something is to be put its parent must be, and in a list its place. */
function assertRoom(document: unknown, op: string, path: string): void {
  const { parent, last } = locate(document, path);
  if (parent === undefined) throw missingPath(op, path);
  if (Array.isArray(parent) && last !== '-') assertIndex(last, parent.length, op, path);
}

function assertIndex(step: string, highest: number, op: string, path: string): void {
  const about = `error in ${op} for path: '${path}'`;
  if (!/^\d+$/.test(step))
    throw new PatchError(`${about}: strconv.Atoi: parsing "${step}": invalid syntax`, 'inapplicable');
  if (Number(step) > highest)
    throw new PatchError(
      `${about}: Unable to access invalid index: ${Number(step)}: invalid index referenced`,
      'inapplicable',
    );
}

const missingPath = (op: string, path: string) =>
  new PatchError(
    `${op} operation does not apply: doc is missing path: "${path}": missing value`,
    'inapplicable',
  );

/** The object or list that a path ends in; the document is its own parent for the empty path. */
function locate(
  document: unknown,
  path: string,
): { parent: object | undefined; last: string; steps: string[] } {
  const steps = path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const parent = steps.length === 0 ? { document } : getPath(document, ...steps.slice(0, -1));
  return {
    parent: typeof parent === 'object' && parent !== null ? parent : undefined,
    last: steps.at(-1) ?? '',
    steps,
  };
}
