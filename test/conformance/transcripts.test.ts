import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startCluster } from '../../src/simulator/start-cluster.js';
import { normalize } from './normalize.js';
import { type ReplayedStep, readTranscripts, replay, type Transcript } from './replay.js';

/** Steps that do not agree yet, as `<flow> <index>`, with the reason; docs/conformance.md tells what that means to users. */
const knownDifferences: Record<string, string> = JSON.parse(
  readFileSync(new URL('./known-differences.json', import.meta.url), 'utf8'),
);
const kubectlDirectory = new URL('../../.tools/bin', import.meta.url).pathname;
const artifacts = new URL('../artifacts/conformance/', import.meta.url).pathname;
/** What `kind load` had put on the recorded cluster's node. */
const IMAGES = ['nginx:1.24', 'nginx:1.25', 'nginx:1.27', 'busybox:1.36'];
const totals = { agreed: 0, all: 0 };

function describeDifference(step: ReplayedStep): string {
  const part = (title: string, text: string) => `  ${title}:\n${text.replace(/^/gm, '    ')}\n`;
  return [
    `[${step.index}] ${step.recorded.run}\n`,
    part(`recorded (exit ${step.recorded.exit})`, normalize(step.recorded.stdout + step.recorded.stderr)),
    part(`answered (exit ${step.answered.exit})`, normalize(step.answered.stdout + step.answered.stderr)),
  ].join('');
}

async function replayOnFreshCluster(transcript: Transcript): Promise<ReplayedStep[]> {
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-conformance-'));
  const cluster = await startCluster({
    name: 'g1',
    nodes: [{ name: 'g1-control-plane', controlPlane: true, cpu: '2', memory: '16Gi', pods: 110 }],
    loadedImages: IMAGES,
  });
  try {
    const address = await cluster.listen({ host: '127.0.0.1', port: 0 });
    if (!('port' in address)) throw new Error('not a TCP address');
    const kubeconfig = join(folder, 'kubeconfig');
    const administrator = {
      user: 'kubernetes-admin',
      groups: ['kubeadm:cluster-admins', 'system:authenticated'],
    };
    writeFileSync(kubeconfig, await cluster.kubeconfig(administrator, `https://127.0.0.1:${address.port}`));
    return await replay(transcript, { kubeconfig, kubectlDirectory });
  } finally {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.concurrent('a simulated cluster answers as a real one did', () => {
  for (const transcript of readTranscripts()) {
    test(transcript.flow, { timeout: 600_000 }, async () => {
      const steps = await replayOnFreshCluster(transcript);
      const different = steps.filter((step) => !step.agrees);
      totals.agreed += steps.length - different.length;
      totals.all += steps.length;
      mkdirSync(artifacts, { recursive: true });
      writeFileSync(join(artifacts, `${transcript.flow}.txt`), different.map(describeDifference).join('\n'));
      const unexpected = different.filter(
        (step) => !(`${transcript.flow} ${step.index}` in knownDifferences),
      );
      expect(unexpected.map(describeDifference).join('\n')).toBe('');
    });
  }

  afterAll(() => {
    const share = ((totals.agreed / totals.all) * 100).toFixed(1);
    process.stdout.write(
      `conformance: ${totals.agreed} of ${totals.all} recorded commands agree (${share} %)\n`,
    );
  });
});
