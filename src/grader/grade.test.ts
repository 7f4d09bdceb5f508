import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterReadError } from './cluster-read-error.js';
import type { ClusterReader } from './cluster-reader.js';
import { grade, gradeWithEvidence, replay } from './grade.js';
import { type Check, checkSchema } from './schema.js';

const NOW_MS = Date.UTC(2026, 0, 1);

interface TestObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/** A cluster in memory; selectors are `key=value` pairs. */
function readerOf(objects: TestObject[]): ClusterReader {
  const ofKind = (ref: { apiVersion: string; kind: string; namespace?: string }) =>
    objects.filter(
      ({ apiVersion, kind, metadata }) =>
        apiVersion === ref.apiVersion &&
        kind === ref.kind &&
        (ref.namespace === '*' || metadata.namespace === (ref.namespace ?? 'default')),
    );
  return {
    get: async (ref) => ofKind(ref).find((object) => object.metadata.name === ref.name),
    list: async (ref, selector) =>
      ofKind(ref).filter((object) =>
        (selector?.split(',') ?? []).every((pair) => {
          const [label = '', value] = pair.split('=');
          return object.metadata.labels?.[label] === value;
        }),
      ),
  };
}

const deployment = (spec: Record<string, unknown>, namespace = 'shop', name = 'web'): TestObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, labels: { app: name } },
  spec,
});

const pod = (name: string, fields: Record<string, unknown>): TestObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: 'web' } },
  ...fields,
});

const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const WEB_PODS = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', selector: { app: 'web' } };

/** Checks go through the schema, as they do from a scenario file. */
const check = (fields: Record<string, unknown>): Check =>
  checkSchema.parse({ id: 'it', title: 'It', points: 2, object: WEB, ...fields });

async function verdictOf(fields: Record<string, unknown>, objects: TestObject[], times = { nowMs: NOW_MS }) {
  const [verdict] = await grade({ checks: [check(fields)], reader: readerOf(objects), ...times });
  if (!verdict) throw new Error('no verdict');
  return verdict;
}

const containers = (...list: Record<string, unknown>[]) => ({ template: { spec: { containers: list } } });

describe('a named object', () => {
  it('passes with its points when every field is as expected', async () => {
    const verdict = await verdictOf(
      {
        expect: {
          'spec.template.spec.containers[name=web].image': 'nginx:1.27',
          'spec.replicas': { atLeast: 2 },
          'spec.paused': { absent: true },
        },
      },
      [
        deployment({
          replicas: 3,
          ...containers({ name: 'log', image: 'busybox' }, { name: 'web', image: 'nginx:1.27' }),
        }),
      ],
    );
    expect(verdict).toMatchObject({ state: 'passed', points: 2, maxPoints: 2 });
  });

  it('says path, observed and expected when one is not', async () => {
    const verdict = await verdictOf({ expect: { 'spec.replicas': { atLeast: 3 } }, message: 'More crew' }, [
      deployment({ replicas: 1 }),
    ]);
    expect(verdict).toEqual({
      id: 'it',
      title: 'It',
      state: 'failed',
      points: 0,
      maxPoints: 2,
      message: 'More crew. Deployment web in namespace shop: spec.replicas is 1, expected at least 3.',
      observed: '1',
      expected: 'at least 3',
    });
  });

  it('names the items of a list that has not the wanted one', async () => {
    const verdict = await verdictOf(
      { expect: { 'spec.template.spec.containers[name=web].image': 'nginx' } },
      [deployment(containers({ name: 'app' }, { name: 'log' }))],
    );
    expect(verdict.message).toContain(
      'spec.template.spec.containers has no item with name=web; it has app and log',
    );
  });

  it('points at a namesake in another namespace, then at a similar name', async () => {
    expect((await verdictOf({}, [deployment({}, 'default')])).message).toBe(
      'No Deployment web in namespace shop; there is one in default.',
    );
    expect(
      (await verdictOf({}, [deployment({}, 'shop', 'wbe'), deployment({}, 'shop', 'zebra')])).message,
    ).toBe('No Deployment web in namespace shop; there is wbe.');
  });

  it('can be expected to be gone', async () => {
    expect(await verdictOf({ quantifier: 'none' }, [])).toMatchObject({ state: 'passed' });
    expect(await verdictOf({ quantifier: 'none' }, [deployment({})])).toMatchObject({ state: 'failed' });
  });
});

describe('several objects', () => {
  const ready = (name: string, isReady: boolean) => pod(name, { status: { ready: isReady } });
  const expectReady = { object: WEB_PODS, expect: { 'status.ready': true } };
  const pods = (...states: boolean[]) => states.map((state, index) => ready(`web-${index}`, state));

  it.each([
    ['all', [true, true], 'passed'],
    ['all', [true, false], 'failed'],
    ['any', [false, true], 'passed'],
    ['any', [false, false], 'failed'],
    ['one', [true, false], 'passed'],
    ['one', [true, true], 'failed'],
    ['none', [false, false], 'passed'],
    ['none', [false, true], 'failed'],
    [{ count: 2 }, [true, true, false], 'passed'],
    [{ count: { atLeast: 3 } }, [true, true, false], 'failed'],
  ])('%j of %j is %s', async (quantifier, states, state) => {
    expect((await verdictOf({ ...expectReady, quantifier }, pods(...states))).state).toBe(state);
  });

  it.each(['all', 'any', 'one', 'none', { count: { atMost: 3 } }, { count: 0 }])(
    '%j over nothing is never a pass',
    async (quantifier) => {
      const verdict = await verdictOf({ ...expectReady, quantifier }, []);
      expect(verdict).toMatchObject({ state: 'failed', observed: 'nothing' });
    },
  );

  it('passes over nothing where nothing is what is written', async () => {
    expect((await verdictOf({ object: WEB_PODS, quantifier: 'none' }, [])).state).toBe('passed');
    expect((await verdictOf({ object: WEB_PODS, quantifier: { count: 0 } }, [])).state).toBe('passed');
    expect((await verdictOf({ ...expectReady, quantifier: 'none', allowNothing: true }, [])).state).toBe(
      'passed',
    );
  });

  it('says how many are as expected and why one is not', async () => {
    const verdict = await verdictOf({ ...expectReady, quantifier: 'all' }, pods(true, false));
    expect(verdict.message).toBe(
      '1 of 2 Pods with app=web in namespace shop is as expected, should be all of them; ' +
        'Pod web-1 in namespace shop: status.ready is false, expected true.',
    );
  });
});

describe('conditions', () => {
  it('sees whole numbers as integers, and objects beside the object', async () => {
    const cel = [
      'object.spec.replicas + 1 == 3',
      'objects.size() == 1',
      'object.?spec.?paused.orValue(false) == false',
    ];
    expect((await verdictOf({ cel }, [deployment({ replicas: 2 })])).state).toBe('passed');
  });

  it('fails, with the reason, when a key is missing', async () => {
    const verdict = await verdictOf({ cel: 'object.status.readyReplicas == 2' }, [deployment({})]);
    expect(verdict).toMatchObject({ state: 'failed', observed: 'No such key: status' });
  });

  it('is unknown, not failed, when a condition runs out of time', async () => {
    const cel =
      'object.spec.items.all(a, object.spec.items.all(b, object.spec.items.all(c, a + b + c >= 0)))';
    const items = Array.from({ length: 3000 }, (_, index) => index);
    const verdict = await verdictOf({ cel }, [deployment({ items })]);
    expect(verdict).toMatchObject({ state: 'unknown', points: 0 });
  });
});

describe('time and trouble', () => {
  it('is pending until its deadline, counted from when the learner asked', async () => {
    const fields = { expect: { 'spec.replicas': 2 }, within: '1m30s' };
    const objects = [deployment({ replicas: 1 })];
    const at = (nowMs: number) => verdictOf(fields, objects, { nowMs, sinceMs: NOW_MS } as { nowMs: number });
    expect(await at(NOW_MS + 89_999)).toMatchObject({ state: 'pending', pendingUntilMs: NOW_MS + 90_000 });
    expect((await at(NOW_MS + 90_000)).state).toBe('failed');
  });

  it('is unknown when the cluster cannot be read', async () => {
    const broken = async () => Promise.reject(new ClusterReadError('the cluster could not be reached'));
    const [verdict] = await grade({
      checks: [check({})],
      reader: { get: broken, list: broken },
      nowMs: NOW_MS,
    });
    expect(verdict).toMatchObject({
      state: 'unknown',
      message: 'Could not check: the cluster could not be reached.',
    });
  });
});

describe('algebra', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const item = fc.record({
    name,
    image: fc.constantFrom('x:1', 'x:2'),
    ports: fc.array(fc.nat(3), { maxLength: 3 }),
  });
  const items = fc.uniqueArray(item, { selector: ({ name }) => name, minLength: 1 });
  const checks = [
    check({ expect: { 'spec.template.spec.containers[name=a].image': 'x:1' } }),
    check({ expect: { 'spec.template.spec.containers[*].image': { every: { matches: '^x:' } } } }),
    check({ expect: { 'spec.template.spec.containers': { contains: { image: 'x:2' } } } }),
    check({ expect: { 'spec.template.spec.containers': { subset: [{ image: 'x:1' }, { ports: [1] }] } } }),
    check({ cel: 'object.spec.template.spec.containers.exists(c, c.image == "x:2")' }),
    check({ object: WEB_PODS, quantifier: 'any', expect: { 'spec.containers[name=b].image': 'x:2' } }),
  ];
  const cluster = (list: { name: string }[], pods: { name: string }[]) => [
    deployment(containers(...list)),
    ...pods.map(({ name }) => pod(name, { spec: { containers: list } })),
  ];
  const shuffled = fc.tuple(items, items).chain(([list, pods]) =>
    fc.tuple(
      fc.constant(cluster(list, pods)),
      fc
        .tuple(
          fc.shuffledSubarray(list, { minLength: list.length }),
          fc.shuffledSubarray(pods, { minLength: pods.length }),
        )
        .map(([otherList, otherPods]) => cluster(otherList, otherPods)),
    ),
  );

  it('the order of lists changes no state', async () => {
    await fc.assert(
      fc.asyncProperty(shuffled, async ([one, other]) => {
        const states = async (objects: TestObject[]) =>
          (await grade({ checks, reader: readerOf(objects), nowMs: NOW_MS })).map((verdict) => verdict.state);
        expect(await states(one)).toEqual(await states(other));
      }),
      { numRuns: 100 },
    );
  });

  it('replayed from stored evidence, every verdict is the same', async () => {
    await fc.assert(
      fc.asyncProperty(shuffled, async ([objects]) => {
        const { verdicts, evidence } = await gradeWithEvidence({
          checks,
          reader: readerOf(objects),
          nowMs: NOW_MS,
        });
        expect(await replay(checks, JSON.parse(JSON.stringify(evidence)))).toEqual(verdicts);
      }),
      { numRuns: 50 },
    );
  });
});
