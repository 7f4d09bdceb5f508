import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { normalize } from './normalize.js';

/** One command that was run on a real cluster, with its answer. */
export interface RecordedStep {
  run: string;
  exit: number;
  stdout: string;
  stderr: string;
}

export interface Transcript {
  flow: string;
  steps: RecordedStep[];
}

export interface ReplayedStep {
  index: number;
  recorded: RecordedStep;
  answered: { exit: number; stdout: string; stderr: string };
  agrees: boolean;
}

const goldenDirectory = new URL('./golden/', import.meta.url).pathname;

export function readTranscripts(): Transcript[] {
  const folder = join(goldenDirectory, 'transcripts');
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

interface ReplayOptions {
  kubeconfig: string;
  /** Put in front of PATH; holds the kubectl to use. */
  kubectlDirectory: string;
}

/** Runs a transcript's commands in order on a cluster; every command is given two minutes. */
export async function replay(transcript: Transcript, options: ReplayOptions): Promise<ReplayedStep[]> {
  const results: ReplayedStep[] = [];
  for (const [index, recorded] of transcript.steps.entries()) {
    const { exitCode, stdout, stderr } = await execa('bash', ['-c', recorded.run], {
      cwd: goldenDirectory,
      env: {
        KUBECONFIG: options.kubeconfig,
        PATH: `${options.kubectlDirectory}:${process.env['PATH']}`,
        TZ: 'UTC',
      },
      reject: false,
      timeout: 120_000,
      stripFinalNewline: false,
    });
    const answered = { exit: exitCode ?? -1, stdout, stderr };
    const agrees =
      answered.exit === recorded.exit &&
      normalize(stdout) === normalize(recorded.stdout) &&
      normalize(stderr) === normalize(recorded.stderr);
    results.push({ index, recorded, answered, agrees });
  }
  return results;
}
