import 'reflect-metadata';
import { type Env, InvalidEnvironment, readEnvironment } from './config/env.js';
import { Program } from './start-program.js';

/** Longer than this nobody waits for a program to stop. */
const STOP_TIMEOUT_MS = 10_000;

await main();

async function main(): Promise<void> {
  const env = readSettings();
  if (!env) return;
  const program = Program.of(env, (line) => process.stdout.write(`seatrial: ${line}\n`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void leave(program, 0));
  }
  try {
    await program.start();
  } catch (error) {
    process.stderr.write(`seatrial: cannot start: ${explain(error)}\n`);
    await leave(program, 1);
  }
}

function readSettings(): Env | undefined {
  try {
    return readEnvironment();
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error;
    process.stderr.write(`seatrial: ${error.message}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

async function leave(program: Program, exitCode: number): Promise<void> {
  setTimeout(() => process.exit(exitCode || 1), STOP_TIMEOUT_MS).unref();
  await program.stop();
  process.exit(exitCode);
}

/** The message with its causes; the stack only for what nobody foresaw. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${explain(error.cause)}` : error.message;
}
