import { mkdtemp, rm } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterConnection } from '../../src/common/cluster-connection.js';
import type { ClusterSpec, Driver, PhaseReport } from '../../src/sandbox/driver/driver.js';
import { KindDriver } from '../../src/sandbox/driver/kind-driver.js';
import { SimulatedDriver } from '../../src/sandbox/driver/simulated-driver.js';

/** What every driver promises (src/sandbox/driver/driver.ts), asked of each of them with real clusters. */
interface Subject {
  name: Driver['name'];
  /** A new driver on the same folder is what a restarted host has. */
  make(root: string): Driver;
  clockMoves: boolean;
  timeoutMs: number;
}

const nodeImage = process.env.SEATRIAL_KIND_IMAGE;
const SUBJECTS: Subject[] = [
  { name: 'simulated', make: (root) => new SimulatedDriver(root), clockMoves: true, timeoutMs: 20_000 },
  {
    name: 'kind',
    make: (root) => new KindDriver({ root, installation: 'contract', ...(nodeImage && { nodeImage }) }),
    clockMoves: false,
    timeoutMs: 600_000,
  },
];

const specOf = (id: string): ClusterSpec => ({ id, nodes: { workers: 1 }, images: [] });

async function whyNot({ name, make }: Subject): Promise<string | undefined> {
  if (name !== 'kind') return undefined;
  if (!nodeImage) return 'SEATRIAL_KIND_IMAGE names no node image';
  const status = await make(tmpdir()).status();
  return status.available ? undefined : status.reason;
}

interface Answer {
  status: number;
  body: {
    metadata?: { name?: string };
    items?: { metadata: { name: string } }[];
    status?: { userInfo?: { username: string } };
  };
}

function call(connection: ClusterConnection, method: string, path: string, body?: object): Promise<Answer> {
  const { tls, origin, socketPath, headers } = connection;
  const send = origin.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(
      new URL(path, origin),
      {
        method,
        agent: false,
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        ca: tls?.certificateAuthority,
        cert: tls?.clientCertificate,
        key: tls?.clientKey,
        ...(socketPath && { socketPath }),
      },
      (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }),
        );
      },
    );
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

for (const subject of SUBJECTS) {
  const reason = await whyNot(subject);
  if (reason) console.log(`driver contract: ${subject.name} is skipped: ${reason}`);

  describe.skipIf(reason !== undefined)(`the ${subject.name} driver`, { timeout: subject.timeoutMs }, () => {
    let root: string;
    let driver: Driver;

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'seatrial-contract-'));
      driver = subject.make(root);
    });

    afterAll(async () => {
      for (const id of await driver.list()) await driver.destroy(id);
      await driver.close();
      await rm(root, { recursive: true, force: true });
    }, subject.timeoutMs);

    test('makes a cluster that answers and whose nodes are ready, and reports how', async () => {
      const phases: PhaseReport[] = [];
      await driver.provision(
        specOf('one'),
        (phase) => phases.push(phase),
        AbortSignal.timeout(subject.timeoutMs / 2),
      );
      expect(phases.filter(({ state }) => state === 'failed')).toEqual([]);
      const started = phases.filter(({ state }) => state === 'running').map(({ name }) => name);
      const done = phases.filter(({ state }) => state === 'done').map(({ name }) => name);
      expect(started.length).toBeGreaterThan(1);
      expect(done).toEqual(started);
      const { body } = await call(await driver.connect('one', 'learner'), 'GET', '/api/v1/nodes');
      expect(body.items).toHaveLength(2);
    });

    test('both identities get in, each under its own name', async () => {
      const names = await Promise.all(
        (['learner', 'grader'] as const).map(async (identity) => {
          const answer = await call(await driver.connect('one', identity), 'POST', REVIEWS, REVIEW);
          return answer.body.status?.userInfo?.username;
        }),
      );
      expect(names).toEqual(['kubernetes-admin', 'seatrial:grader']);
    });

    test('made twice, it is one cluster with everything still in it', async () => {
      await call(await driver.connect('one', 'learner'), 'POST', CONFIG_MAPS, configMap('kept'));
      await driver.provision(specOf('one'), () => undefined, AbortSignal.timeout(subject.timeoutMs / 2));
      expect((await call(await driver.connect('one', 'learner'), 'GET', `${CONFIG_MAPS}/kept`)).status).toBe(
        200,
      );
      expect(await driver.list()).toEqual(['one']);
    });

    test('two clusters do not see each other', async () => {
      await driver.provision(specOf('two'), () => undefined, AbortSignal.timeout(subject.timeoutMs / 2));
      const two = await driver.connect('two', 'learner');
      expect((await call(two, 'GET', `${CONFIG_MAPS}/kept`)).status).toBe(404);
      const one = await driver.connect('one', 'learner');
      const mixed = { ...two, tls: one.tls } as ClusterConnection;
      await expect(call(mixed, 'GET', CONFIG_MAPS).then(({ status }) => status)).rejects.toThrow();
      expect((await driver.list()).sort()).toEqual(['one', 'two']);
    });

    test('clusters outlive the process that made them', async () => {
      await driver.close();
      driver = subject.make(root);
      expect((await driver.list()).sort()).toEqual(['one', 'two']);
      expect((await call(await driver.connect('one', 'grader'), 'GET', `${CONFIG_MAPS}/kept`)).status).toBe(
        200,
      );
    });

    test('a creation that was stopped half-way can be tried again', async () => {
      const abort = new AbortController();
      const making = driver.provision(specOf('three'), () => abort.abort(), abort.signal);
      await expect(making).rejects.toMatchObject({ code: 'provision-timeout' });
      await driver.close();
      driver = subject.make(root);
      await driver.provision(specOf('three'), () => undefined, AbortSignal.timeout(subject.timeoutMs / 2));
      expect((await call(await driver.connect('three', 'learner'), 'GET', CONFIG_MAPS)).status).toBe(200);
    });

    test('the clock moves forward, or says that it cannot', async () => {
      if (subject.clockMoves) await driver.advanceClock('one', 60_000);
      else
        await expect(driver.advanceClock('one', 60_000)).rejects.toMatchObject({ code: 'clock-not-movable' });
    });

    test('removed twice as well as once; then there is nothing to connect to', async () => {
      await driver.destroy('one');
      await driver.destroy('one');
      await driver.destroy('never-was');
      expect((await driver.list()).sort()).toEqual(['three', 'two']);
      await expect(driver.connect('one', 'learner')).rejects.toMatchObject({ code: 'sandbox-not-found' });
    });
  });
}
