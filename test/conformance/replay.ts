import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { normalize } from './normalize.js';

export interface Answer {
  exit: number;
  stdout: string;
  stderr: string;
}

/** One command that was run on a real cluster, with its answer. */
export interface RecordedStep extends Answer {
  run: string;
}

export interface Transcript {
  flow: string;
  steps: RecordedStep[];
}

export interface ReplayedStep {
  index: number;
  recorded: RecordedStep;
  answered: Answer;
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

/**
 * What earlier recordings had left on the one cluster that all flows were recorded on, by flow: each flow is replayed on
 * a cluster of its own.
 */
const LEFT_BEHIND: Record<string, string[]> = {
  '02-services': ['kubectl create deployment web --image=nginx:1.25 --replicas=0'],
  '09-rbac-and-discovery': [
    'kubectl apply --validate=false -f manifests/bad-unknown-field.yaml',
    'kubectl rollout status deployment/unknown --timeout=60s',
  ],
};

/** From this step on a flow must not meet a full minute for some seconds: the recording had made a CronJob early in one. */
const EARLY_IN_A_MINUTE: Record<string, number> = { '05-jobs-and-cronjobs': 15 };
const LATEST_SECOND = 40;

/** Runs a transcript's commands in order on a cluster; every command is given two minutes. */
export async function replay(transcript: Transcript, options: ReplayOptions): Promise<ReplayedStep[]> {
  for (const command of LEFT_BEHIND[transcript.flow] ?? []) await run(command, options);
  const results: ReplayedStep[] = [];
  for (const [index, recorded] of transcript.steps.entries()) {
    if (index === EARLY_IN_A_MINUTE[transcript.flow]) await earlyInAMinute();
    const answered = await run(recorded.run, options);
    const agrees =
      answered.exit === recorded.exit &&
      normalize(answered.stdout) === normalize(recorded.stdout) &&
      normalize(answered.stderr) === normalize(recorded.stderr);
    results.push({ index, recorded, answered, agrees });
  }
  return results;
}

async function earlyInAMinute(): Promise<void> {
  const second = new Date().getSeconds();
  if (second > LATEST_SECOND) await setTimeout((60 - second) * 1000);
}

/** The shell gets nothing of the surroundings but where to find programs. */
async function run(command: string, { kubeconfig, kubectlDirectory }: ReplayOptions): Promise<Answer> {
  const { exitCode, stdout, stderr } = await execa('bash', ['--noprofile', '--norc', '-c', command], {
    cwd: goldenDirectory,
    extendEnv: false,
    env: {
      KUBECONFIG: kubeconfig,
      PATH: `${kubectlDirectory}:/usr/local/bin:/usr/bin:/bin`,
      HOME: dirname(kubeconfig),
      TZ: 'UTC',
    },
    reject: false,
    timeout: 120_000,
    stripFinalNewline: false,
  });
  return { exit: exitCode ?? -1, stdout, stderr };
}
