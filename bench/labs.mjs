// From POST to ready, alone and with twenty at once; memory of an idle lab; time to grade; REST reads.

import { percentile } from './figures.mjs';
import { call, memoryOfTreeMiB, startLab, startService, token } from './run-service.mjs';

const ROUNDS = 5;
const AT_ONCE = 20;
const REAL_CLUSTER_SECONDS = 33.9; // kind 0.33 on a machine of this size: create to ready

async function measureReady(service, figures) {
  const samples = [];
  let memoryBefore = 0;
  let memoryAfter = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 1) memoryBefore = await memoryOfTreeMiB(service.pid);
    const labs = await Promise.all(Array.from({ length: AT_ONCE }, () => startLab(service)));
    samples.push(...labs.map(({ readyMs }) => readyMs));
    memoryAfter = await memoryOfTreeMiB(service.pid);
  }
  const p95 = percentile(samples, 0.95);
  const instead = `a kind cluster ${REAL_CLUSTER_SECONDS} s, ${Math.round((REAL_CLUSTER_SECONDS * 1000) / p95)} times as long`;
  figures.add(`POST to ready, ${AT_ONCE} at once, p50 of ${samples.length}`, percentile(samples, 0.5), 'ms');
  figures.add(`POST to ready, ${AT_ONCE} at once, p95 of ${samples.length}`, p95, 'ms', {
    target: '< 1000',
    instead,
  });
  const idleLabs = (ROUNDS - 1) * AT_ONCE;
  figures.add(`memory per idle lab, of ${idleLabs}`, (memoryAfter - memoryBefore) / idleLabs, 'MiB', {
    target: '< 30',
  });
}

async function measureAlone(service, figures) {
  const samples = [];
  for (let round = 0; round < 10; round++) samples.push((await startLab(service)).readyMs);
  figures.add('POST to ready, one at a time, p50 of 10', percentile(samples, 0.5), 'ms');
}

async function measureGrading(service, figures) {
  const { id } = await startLab(service);
  const samples = [];
  for (let round = 0; round < 50; round++) {
    const from = performance.now();
    await call(service, 'POST', `/labs/${id}/grade`, {});
    samples.push(performance.now() - from);
  }
  figures.add('grade, p50 of 50', percentile(samples, 0.5), 'ms');
  figures.add('grade, p95 of 50', percentile(samples, 0.95), 'ms');
}

async function measureReads(service, figures) {
  const { id } = await startLab(service);
  const until = performance.now() + 3000;
  let reads = 0;
  const reader = async () => {
    while (performance.now() < until) {
      const answer = await fetch(`${service.url}/api/v1/labs/${id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`GET lab: ${answer.status}`);
      reads++;
    }
  };
  await Promise.all(Array.from({ length: 16 }, reader));
  figures.add('GET /labs/ID, 16 connections', reads / 3, '/s');
}

export async function run(figures) {
  const service = await startService();
  try {
    figures.add('start to listening, first start', service.startMs, 'ms');
    await measureAlone(service, figures);
    await measureGrading(service, figures);
    await measureReads(service, figures);
    await measureReady(service, figures);
  } finally {
    await service.stop();
  }
}
