/**
 * Runs `task` one at a time: called while it runs, it runs once more afterwards, however often it was called. So an older
 * answer never overwrites a newer one, and the last call is always answered by a run that began after it.
 */
export function oneAtATime(task: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = () => {
    current = task().finally(() => {
      current = undefined;
    });
    return current;
  };
  return () => {
    if (!current) return run();
    next ??= current.then(() => {
      next = undefined;
      return run();
    });
    return next;
  };
}
