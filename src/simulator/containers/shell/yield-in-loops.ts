import { type CustomCommand, defineCommand, parse, type TransformPlugin } from 'just-bash';

const COMMAND = '__yield';
const LOOPS = new Set(['While', 'Until', 'For', 'CStyleFor']);
/** Milliseconds of computing after which a shell rests, and for how many times as long: at most a fifth of a core. */
const SLICE_MS = 5;
const REST_FACTOR = 4;
const LONGEST_REST_MS = 250;

const [yieldStatement] = parse(COMMAND).statements;

/** Puts a pause into every loop of a script, so that a busy loop neither freezes the process nor starves its neighbours. */
export const yieldInLoops: TransformPlugin = {
  name: 'yield-in-loops',
  transform({ ast }) {
    const copy = structuredClone(ast);
    insertYields(copy);
    return { ast: copy };
  },
};

/** The pause itself; one for each shell, because it counts what that shell computed. */
export function yieldCommand(): CustomCommand {
  let resumedAtMs = 0;
  let computedMs = 0;
  // A body that let the event loop turn has waited for something: that is not time that it computed.
  let hasWaited = true;
  return defineCommand(COMMAND, async () => {
    if (!hasWaited) computedMs += performance.now() - resumedAtMs;
    await rest(computedMs > SLICE_MS ? Math.min(computedMs * REST_FACTOR, LONGEST_REST_MS) : 0);
    if (computedMs > SLICE_MS) computedMs = 0;
    resumedAtMs = performance.now();
    hasWaited = false;
    setImmediate(() => {
      hasWaited = true;
    });
    return { stdout: '', stderr: '', exitCode: 0 };
  });
}

/** Host time on purpose: this shares the processor of the host, it is no time of the cluster. */
function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms > 0) setTimeout(resolve, ms);
    else setImmediate(resolve);
  });
}

/** Walks any part of a parsed script. */
function insertYields(node: unknown): void {
  if (Array.isArray(node)) {
    for (const each of node) insertYields(each);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { type, body } = node as { type?: unknown; body?: unknown };
  if (typeof type === 'string' && LOOPS.has(type) && Array.isArray(body))
    body.unshift(structuredClone(yieldStatement));
  for (const each of Object.values(node)) insertYields(each);
}
