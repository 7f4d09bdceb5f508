import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/api.js';
import { addLearner, clusterAddress, startReadyLab } from '../support/labs.js';
import {
  adminToken,
  freePort,
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runService,
} from '../support/run-service.js';
import { TestTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

const SCENARIO = 'expose-a-deployment';
const MEBIBYTE = 1024 ** 2;

/** Words that only stand in the solutions, mutants and checks of the scenario, not in what a learner is told. */
function secretsOf(scenario: string): string[] {
  const folder = new URL(`../../scenarios/${scenario}/`, import.meta.url).pathname;
  const scripts = ['solutions', 'mutants'].flatMap((kind) =>
    readdirSync(join(folder, kind)).map((file) => readFileSync(join(folder, kind, file), 'utf8')),
  );
  const checks = readFileSync(join(folder, 'scenario.yaml'), 'utf8').slice(
    readFileSync(join(folder, 'scenario.yaml'), 'utf8').indexOf('steps:'),
  );
  const lines = scripts
    .flatMap((script) => script.split('\n'))
    .filter((line) => /^kubectl .{20,}/.test(line));
  const expectations = [...checks.matchAll(/^\s+(\S*[[.]\S*): .*$/gm)].map(([line]) => line.trim());
  return [...lines, ...expectations];
}

/** Two learners on one host; one of them is no friend of the other. */
describe('a learner who is up to no good', () => {
  const dataDirectory = makeDataDirectory();
  let service: RunningService;
  let mallory: string;
  let victim: string;
  let mine: string;
  let theirs: string;
  let terminal: TestTerminal;
  let victimTerminal: TestTerminal;
  let hostPort: Server;
  let gatewayPort: number;

  const open = async (lab: string, number: number, token: string) => {
    const opened = new TestTerminal(service.url, `/labs/${lab}/terminals/${number}`, token);
    await opened.connect();
    return opened;
  };

  beforeAll(async () => {
    gatewayPort = await freePort();
    service = await runService(dataDirectory, { SEATRIAL_GATEWAY_PORT: String(gatewayPort) });
    mallory = await addLearner(service, 'mallory');
    victim = await addLearner(service, 'victim');
    theirs = await startReadyLab(service, victim);
    mine = await startReadyLab(service, mallory);
    // Whoever comes later inherits what the service had open by then.
    victimTerminal = await open(theirs, 1, victim);
    await victimTerminal.run('echo "private words" > ~/notes');
    terminal = await open(mine, 1, mallory);
    hostPort = createServer((socket) => socket.end('the host\n'));
    await new Promise<void>((resolve) => hostPort.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    hostPort?.close();
    for (const one of [terminal, victimTerminal]) one?.drop();
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  /** How long the victim waits for an answer of their cluster, in milliseconds: the slowest but one of `count`. */
  async function victimWaits(count: number): Promise<number> {
    const address = await clusterAddress(service, theirs, victim);
    const times: number[] = [];
    for (let index = 0; index < count; index++) {
      const startedAt = performance.now();
      const answer = await fetch(`${address}/api/v1/namespaces/harbour/pods`);
      await answer.text();
      expect(answer.status).toBe(200);
      times.push(performance.now() - startedAt);
    }
    return times.sort((one, other) => one - other).at(-2) ?? 0;
  }

  test('has no file of anybody else open, neither in a terminal nor in the room itself', async () => {
    const listing =
      'for p in /proc/[0-9]*; do for f in $p/fd/*; do echo "$(readlink $f)"; done; done | sort -u';
    const files = await terminal.run(listing);
    expect(files).not.toContain('/dev/ptmx');
    expect(files).not.toMatch(new RegExp(dataDirectory));
    expect(await terminal.run('ls /proc/$$/fd | xargs echo of $$:')).toMatch(/^of \d+: 0 1 2 255\r$/m);
  });

  test('sees nothing of other labs, of the service or of the host', async () => {
    const places = [
      `${dataDirectory}/sandboxes/${theirs}/home/notes`,
      `${dataDirectory}/secret`,
      `/proc/${service.child.pid}/environ`,
      '/etc/shadow',
      '/usr/local/bin',
      '/usr/src',
      '/root',
      '/var',
    ];
    const looked = await terminal.run(places.map((place) => `ls -d ${place}`).join('; '));
    expect(looked.match(/No such file or directory/g)).toHaveLength(places.length);
    const found = await terminal.run(
      'find / -name "*.sock" -o -name "*.s.PGSQL*" -o -name scenario.yaml -o -name sandbox.json 2>/dev/null',
    );
    expect(found.split('\n').slice(1).join('\n')).not.toMatch(/sock|PGSQL|scenario.yaml|sandbox.json/);
    const environments = await terminal.run('cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; env');
    expect(environments).not.toMatch(new RegExp(`${adminToken}|SEATRIAL_|DATABASE_URL`));
    expect(await terminal.run('ps -eo comm= | sort -u | xargs echo all:')).toMatch(
      /all: (bash|bwrap|ps|socat|sort|xargs| )+\r/,
    );
  });

  test('reaches no port of the host', async () => {
    const { port } = hostPort.address() as { port: number };
    const servicePort = new URL(service.url).port;
    const output = await terminal.run(
      `for p in ${port} ${servicePort}; do curl -sS -m 2 http://127.0.0.1:$p; echo "code:$?"; done`,
    );
    expect(output.match(/^code:7\r$/gm)).toHaveLength(2);
  });

  test('finds solutions and checks nowhere', async () => {
    const secrets = secretsOf(SCENARIO);
    expect(secrets.length).toBeGreaterThan(5);
    const events = await fetch(`${service.url}/api/v1/labs/${mine}/events`, {
      headers: { authorization: `Bearer ${mallory}` },
    });
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    const answers = [
      (await reader?.read())?.value ?? '',
      ...(await Promise.all(
        [`/scenarios`, `/scenarios/${SCENARIO}`, `/labs/${mine}`, `/labs/${mine}/objects`].map(async (path) =>
          JSON.stringify((await call(service, 'GET', path, { token: mallory })).body),
        ),
      )),
      await terminal.run('cat ~/.kube/config; find ~ /tmp /etc -type f ! -path "*/ssl/*" | head -50'),
      await terminal.run(
        'kubectl get all,configmaps,secrets,events,sa,clusterrolebindings -A -o yaml > all; wc -l < all',
      ),
      await terminal.run('grep -ciE "solution|mutant|maxPoints|gradedAt" all; true'),
    ];
    await reader?.cancel();
    for (const secret of secrets) {
      for (const answer of answers) expect(answer).not.toContain(secret);
      expect(await terminal.run(`grep -cF -- ${quote(secret)} all`)).toMatch(/^0\r$/m);
    }
    expect(answers.at(-1)).toMatch(/^0\r$/m);
    expect(answers.join('')).not.toMatch(/"(solutions|mutants|expect|cel|object|history)":/);
  });

  test('cannot open a cluster with the key of another one, nor a gateway without a good ticket', async () => {
    const [own, other] = await Promise.all([
      clusterAddress(service, mine, mallory),
      clusterAddress(service, theirs, victim),
    ]);
    const key = own.slice(own.lastIndexOf('/') + 1);
    const forged = `${other.slice(0, other.lastIndexOf('/'))}/${key}`;
    for (const address of [
      forged,
      `${forged}x`,
      other.slice(0, -1),
      other.slice(0, other.lastIndexOf('/')),
    ]) {
      expect((await fetch(`${address}/version`)).status).toBe(404);
    }
    expect((await fetch(`${other}/version`)).status).toBe(200);

    const gateway = `http://127.0.0.1:${gatewayPort}`;
    const foreign = (expiresAt: string) =>
      new SignJWT({ sandbox: theirs, scope: 'exec' })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject('x')
        .setAudience('seatrial-gateway')
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(Buffer.from('0'.repeat(64)));
    const unsigned = `${btoa('{"alg":"none"}')}.${btoa(`{"sandbox":"${theirs}","scope":"exec","sub":"x"}`)}.`;
    for (const bad of ['', 'x', unsigned, await foreign('60s'), await foreign('-60s'), mallory]) {
      const answer = await fetch(`${gateway}/sandboxes/${theirs}/exec`, {
        method: 'POST',
        headers: { 'x-seatrial-ticket': bad },
        body: JSON.stringify({ command: 'id', timeoutMs: 1000 }),
      });
      expect(answer.status).toBe(401);
      const objects = await fetch(`${gateway}/sandboxes/${theirs}/cluster/api`, {
        headers: { 'x-seatrial-ticket': bad },
      });
      expect(objects.status).toBe(401);
    }
  });

  test('a fork bomb and busy loops leave the others their pace', async () => {
    const bomber = await open(mine, 2, mallory);
    bomber.type('bomb() { bomb | bomb & }; bomb\n');
    await bomber.expectOutput(/Resource temporarily unavailable/);
    expect(await victimWaits(40)).toBeLessThan(1_500);
    // Whoever has no process left for `kill` has bash's own.
    terminal.type('kill -9 -1\n');
    await waitUntil('the shell to end', 20_000, () => terminal.exitCode !== undefined);
    bomber.drop();
    await terminal.connect(terminal.position);
    await terminal.run('for i in $(seq 100); do while :; do :; done & done 2>/dev/null');
    expect(await victimWaits(40)).toBeLessThan(1_500);
    expect(await victimTerminal.run('kubectl get pods -n harbour')).toContain('Running');
    await terminal.run('kill -9 $(jobs -p); wait 2>/dev/null');
  });

  test('a memory hog is stopped before it has a gigabyte, and is the first to go', async () => {
    expect(await terminal.run('head -c 1000M /dev/zero | tail -c 1000M | wc -c')).toMatch(
      /memory exhausted|^0\r$/m,
    );
    expect(await terminal.run('cat /proc/self/oom_score_adj')).toMatch(/^1000\r$/m);
  });

  test('who fills the disk loses what filled it, and keeps what was there before', async () => {
    const home = join(dataDirectory, 'sandboxes', mine, 'home');
    await terminal.run(
      'echo kept > ~/kept; head -c 1000M /dev/zero > /tmp/big; head -c 1000M /dev/zero > /dev/shm/big',
    );
    expect(await terminal.run('du -sm /tmp /dev/shm | cut -f1 | sort -n | tail -1')).toMatch(/^6[0-4]\r$/m);
    await waitUntil('a measuring of the home as it is', 5_000, () => existsSync(join(home, 'kept')));
    terminal.type(
      'rm /tmp/big /dev/shm/big; sleep 3; for i in $(seq 100); do head -c 90M /dev/zero > big$i; done\n',
    );
    await waitUntil('the shell to be ended', 40_000, () => terminal.exitCode !== undefined);
    await waitUntil('the home to be small again', 20_000, () => megabytes(home) < 256);
    expect(readFileSync(join(home, 'kept'), 'utf8')).toBe('kept\n');
    await terminal.connect(terminal.position);
    expect(await terminal.run('kubectl get ns harbour')).toContain('Active');
  });

  test('a cluster that is filled up says so, and costs the others nothing', async () => {
    await terminal.run('kubectl -n harbour scale deployment beacon --replicas=1000000');
    await terminal.run('head -c 1000000 /dev/zero | tr "\\0" x > f');
    const output = await terminal.run(
      'for i in $(seq 60); do kubectl create configmap big$i --from-file=f || break; done',
      60_000,
    );
    expect(output).toContain('etcdserver: mvcc: database space exceeded');
    expect(await victimWaits(40)).toBeLessThan(1_500);
    expect(residentBytes(service)).toBeLessThan(1_200 * MEBIBYTE);
    // What is full can be emptied.
    await terminal.run(
      'kubectl delete configmap --all; kubectl -n harbour scale deployment beacon --replicas=2',
      60_000,
    );
    await waitUntil('room for something new', 60_000, async () =>
      /configmap\/small\S* created/.test(
        await terminal.run('kubectl create configmap small$RANDOM --from-literal=a=b'),
      ),
    );
  });
});

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Of everything in a folder, as the disk has it; what disappears meanwhile does not count. */
function megabytes(folder: string): number {
  return Number(spawnSync('du', ['-sm', folder], { encoding: 'utf8' }).stdout.split('\t')[0]);
}

function residentBytes(service: RunningService): number {
  const status = readFileSync(`/proc/${service.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
