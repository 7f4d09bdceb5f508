import { readFile } from 'node:fs/promises';

/**
 * Tells whether a process runs. A zombie does not: in containers without an init process nobody collects the children of
 * a parent that was killed, and `kill(pid, 0)` keeps succeeding for them.
 */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** When a process started, in the kernel's ticks: tells a process from a later one that got the same id. */
export async function readStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Field 22 of proc(5); the command name before it may hold spaces, so count from its closing bracket.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Waits until a process is gone. Resolves to false when it still runs after `timeoutMs`. */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Ends a process that is not our child: politely, and after `graceMs` by force. */
export async function endProcess(pid: number, politeSignal: NodeJS.Signals, graceMs: number): Promise<void> {
  for (const [signal, patienceMs] of [
    [politeSignal, graceMs],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await waitForExit(pid, patienceMs)) return;
  }
}
