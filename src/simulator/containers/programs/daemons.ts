import type { Process, Program } from '../process.js';
import { listenHttp, sendText, untilStopped } from './http-server.js';

/** Programs that only stay up: the pause container, the control plane's own components, a stress test. */
function daemon(...lines: ((process: Process) => string)[]): Program {
  return async (process) => {
    for (const line of lines) process.stderr(line(process));
    return untilStopped(process);
  };
}

/** `I1121 02:21:48.000000       1 main.go:10] text`, the form of Kubernetes' own logs. */
function klog(source: string, text: string): (process: Process) => string {
  return ({ world }) => {
    const time = new Date(world.clock.now()).toISOString();
    return `I${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000       1 ${source}] ${text}\n`;
  };
}

const coredns: Program = async (process) => {
  process.stdout(
    '.:53\n[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908\nCoreDNS-1.14.2\nlinux/amd64, go1.25.7, \n',
  );
  return listenHttp(process, 8181, (_request, response) => sendText(response, 'OK'));
};

/** `stress`: takes memory as told, and is killed when that is more than its limit. */
const stress: Program = async (process) => {
  const { argv, world } = process;
  const sizeAt = argv.indexOf('--vm-bytes');
  process.stdout(
    `stress: info: [1] dispatching hogs: ${argv.includes('--cpu') ? 1 : 0} cpu, 0 io, ${sizeAt > 0 ? 1 : 0} vm, 0 hdd\n`,
  );
  const [, amount, unit] = /^(\d+)([KMG]?)$/i.exec(argv[sizeAt + 1] ?? '') ?? [];
  const bytes = Number(amount ?? 0) * 1024 ** ' KMG'.indexOf((unit ?? ' ').toUpperCase() || ' ');
  if (sizeAt > 0 && world.memoryLimitBytes !== undefined && bytes > world.memoryLimitBytes) {
    await world.clock.sleep(500, process.killed);
    world.runOutOfMemory();
  }
  const timeoutAt = argv.findIndex((arg) => arg === '--timeout' || arg === '-t');
  if (timeoutAt < 0) return untilStopped(process);
  await world.clock.sleep(Number.parseFloat(argv[timeoutAt + 1] ?? '0') * 1000, process.killed);
  return 0;
};

export const DAEMONS: Record<string, Program> = {
  pause: daemon(),
  coredns,
  stress,
  etcd: daemon(() => '{"level":"info","msg":"ready to serve client requests"}\n'),
  'kube-apiserver': daemon(klog('options.go:263', 'external host was not specified, using 172.18.0.2')),
  'kube-controller-manager': daemon(klog('serving.go:386', 'Generated self-signed cert in-memory')),
  'kube-scheduler': daemon(klog('serving.go:386', 'Generated self-signed cert in-memory')),
  'kube-proxy': daemon(klog('server_linux.go:53', '"Using iptables proxy"')),
  kindnetd: daemon(klog('main.go:109', 'connected to apiserver: https://seatrial-control-plane:6443')),
  'local-path-provisioner': daemon(() => 'level=info msg="Provisioner started"\n'),
};
