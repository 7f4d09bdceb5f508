import { DomainError } from '../../common/domain-error.js';
import type { PhaseReport } from './driver.js';

/** Reports a phase as it starts and ends. What it throws becomes a `DomainError` that names the phase. */
export async function runPhase<T>(
  name: string,
  report: (phase: PhaseReport) => void,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  report({ name, state: 'running' });
  try {
    signal.throwIfAborted();
    const result = await action();
    report({ name, state: 'done' });
    return result;
  } catch (cause) {
    const error = toDomainError(name, cause, signal);
    report({ name, state: 'failed', message: error.message });
    throw error;
  }
}

/** An abort with a reason of our own keeps it; any other abort means that the time was up. */
function toDomainError(phase: string, cause: unknown, signal: AbortSignal): DomainError {
  if (signal.aborted && signal.reason instanceof DomainError) return signal.reason;
  const message = `${phase}: ${cause instanceof Error ? cause.message : String(cause)}`;
  if (signal.aborted) return new DomainError('provision-timeout', message, { cause });
  return cause instanceof DomainError ? cause : new DomainError('provision-failed', message, { cause });
}
