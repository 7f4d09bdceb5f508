import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/simulator/cluster.js';
import { startCluster } from '../../src/simulator/start-cluster.js';

const tools = new URL('../../.tools/', import.meta.url).pathname;
const KUBECTLS = {
  '1.31': join(tools, 'kubectl-1.31/kubectl'),
  '1.33': join(tools, 'kubectl-1.33/kubectl'),
  '1.35': join(tools, 'bin/kubectl'),
};

const CRONJOB = `apiVersion: batch/v1
kind: CronJob
metadata: {name: bell}
spec:
  schedule: "*/5 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: bell, image: "busybox:1.36", command: [date]}]
`;

/** What a learner types in a first hour; each command with what its output must show. */
const SESSION: readonly [string, RegExp][] = [
  ['create deployment web --image=nginx:1.25 --replicas=2', /deployment.apps\/web created/],
  ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
  ['expose deployment web --port=80 --type=NodePort', /service\/web exposed/],
  ['scale deployment web --replicas=3', /deployment.apps\/web scaled/],
  ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
  ['set image deployment/web nginx=nginx:1.27', /image updated/],
  ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
  ['get deployment web -o jsonpath={..image}', /^nginx:1\.27$/],
  ['rollout undo deployment/web', /rolled back/],
  ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
  ['get deployment web -o jsonpath={..image}', /^nginx:1\.25$/],
  ['logs deployment/web', /start worker process|Configuration complete/],
  ['exec deployment/web -- sh -c "echo hello from $((6 * 7))"', /hello from 42/],
  ['describe deployment web', /ScalingReplicaSet.*Scaled up replica set web-/],
  [
    `exec deployment/web -- sh -c 'd=/var/run/secrets/kubernetes.io/serviceaccount; curl -s --cacert $d/ca.crt -H "Authorization: Bearer $(cat $d/token)" https://kubernetes.default.svc/api/v1/nodes'`,
    /User \\?"system:serviceaccount:default:default\\?" cannot list resource/,
  ],
  ['get endpoints kubernetes', /:6443/],
  ['get pods -o wide', /web-\S+\s+1\/1\s+Running\s+0/],
  ['apply -f cronjob.yaml', /cronjob.batch\/bell created/],
  [
    'create cronjob tick --image=busybox:1.36 --schedule="*/1 * * * *" -- date',
    /cronjob.batch\/tick created/,
  ],
  ['get cronjobs', /bell\s+\*\/5 \* \* \* \*.*\n.*tick/],
  ['explain cronjob.spec.schedule', /FIELD: schedule <string>/],
  ['get deployment web -w --request-timeout=2s', /web\s+3\/3/],
  ['delete deployment,service,cronjob --all', /deployment.apps "web" deleted/],
];

describe.each(Object.entries(KUBECTLS))('kubectl %s', (_version, kubectl) => {
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-kubectl-'));
  const kubeconfig = join(folder, 'kubeconfig');
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ name: 'seatrial' });
    const address = await cluster.listen({ host: '127.0.0.1', port: 0 });
    if (!('port' in address)) throw new Error('not a TCP address');
    const administrator = { user: 'kubernetes-admin', groups: ['kubeadm:cluster-admins'] };
    writeFileSync(kubeconfig, await cluster.kubeconfig(administrator, `https://127.0.0.1:${address.port}`));
    writeFileSync(join(folder, 'cronjob.yaml'), CRONJOB);
  });

  afterAll(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(SESSION)('%s', async (command, expected) => {
    const { all } = await execa('bash', ['-c', `${kubectl} ${command}`], {
      cwd: folder,
      env: { KUBECONFIG: kubeconfig, HOME: folder },
      all: true,
      reject: false,
      timeout: 90_000,
    });
    expect(all).toMatch(expected);
  });
});
