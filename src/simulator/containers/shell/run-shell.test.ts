import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../../kubelet/testing/test-cluster.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
  await cluster.create('box', {
    containers: [{ name: 'c', image: 'busybox:1.36', command: ['sleep', '100000'] }],
  });
  await cluster.until(() => cluster.pod('box')?.status?.phase === 'Running');
});
afterAll(() => cluster.stop());

const sh = async (script: string) => (await cluster.exec('box', ['sh', '-c', script])).stdout;

test.each([
  ['x=$(echo hi); echo "[$x]"', '[hi]\n'],
  ['echo a b | while read p q; do echo $q; done', 'b\n'],
  ['f() { echo in; }; y=$(f); echo "<$y>"', '<in>\n'],
  ['{ echo g; echo x; } | tr g h', 'h\nx\n'],
  ['{ echo a; echo b; } > /tmp/f; cat /tmp/f', 'a\nb\n'],
  ['for i in 1 2; do echo $i; done | tail -n 1', '2\n'],
  ['if echo yes | grep -q yes; then echo found; fi', 'found\n'],
  ['while ! false; do break; done; echo $?', '0\n'],
  ['exec echo replaced; echo never', 'replaced\n'],
  ['printf "b\\n_\\n=\\n" | sort', '=\n_\nb\n'],
  ['hostname', 'box\n'],
  ['set -- echo a "b c"; "$@" d', 'a b c d\n'],
  ['set -- echo x; exec "$@"', 'x\n'],
])('%s', async (script, output) => {
  expect(await sh(script)).toBe(output);
});

test('lines of standard input run in one shell, whose last status is the exit code', async () => {
  const { stdout, exitCode } = await cluster.exec('box', ['sh'], 'x=5\ncd /tmp\necho $x $PWD\nfalse\n');
  expect(stdout).toBe('5 /tmp\n');
  expect(exitCode).toBe(1);
});

test('output is shown as it is printed, in cluster time', async () => {
  await cluster.create('ticks', {
    containers: [
      { name: 'c', image: 'busybox:1.36', command: ['sh', '-c', 'while true; do date +%s; sleep 1; done'] },
    ],
  });
  const startedAt = Math.floor(cluster.clock.now() / 1000);
  let lines: string[] = [];
  for (let step = 0; step < 100 && lines.length < 3; step++) {
    await cluster.clock.advance(500);
    if (cluster.pod('ticks')?.status?.phase === 'Running')
      lines = (await cluster.logs('ticks')).split('\n').slice(0, -1);
  }
  const [first = 0, second = 0, third = 0] = lines.map(Number);
  expect(first).toBeGreaterThanOrEqual(startedAt);
  expect(second).toBeGreaterThan(first);
  expect(third).toBeGreaterThan(second);
});

test('a busy loop lets others run', async () => {
  await cluster.create('busy', {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', 'while :; do :; done'] }],
  });
  await cluster.until(() => cluster.pod('busy')?.status?.phase === 'Running');
  expect(await sh('echo alive')).toBe('alive\n');
  await cluster.client.delete('pods', 'default', 'busy', { gracePeriodSeconds: 0 });
});
