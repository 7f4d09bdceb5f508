import { NetworkError } from '../../network/network-error.js';
import type { Program } from '../process.js';

/** The cluster's DNS Service, as kubeadm places it. */
const NAMESERVER = '10.96.0.10';

/** busybox's nslookup. */
export const nslookup: Program = async ({ argv, world, stdout }) => {
  const name = argv.slice(1).find((arg) => !arg.startsWith('-')) ?? '';
  const { name: found, addresses } = world.network.resolve(name);
  const lines = addresses.map((address) => `Name:\t${found}\nAddress: ${address}\n`).join('');
  const missing = `** server can't find ${name}: NXDOMAIN\n\n** server can't find ${name}: NXDOMAIN\n`;
  stdout(
    `Server:\t\t${NAMESERVER}\nAddress:\t${NAMESERVER}:53\n\n${addresses.length > 0 ? `\n${lines}` : missing}\n`,
  );
  return addresses.length > 0 ? 0 : 1;
};

/** `nc -zv HOST PORT`, and `nc HOST PORT` with what is on its standard input. */
export const nc: Program = async (process) => {
  const args = process.argv.slice(1);
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  const [host = '', port = ''] = args.filter(
    (arg, index) => !arg.startsWith('-') && args[index - 1] !== '-w',
  );
  try {
    const connection = await process.world.network.dial(host, Number(port));
    if (flags.includes('v')) process.stderr(`${host} (${host}:${port}) open\n`);
    if (flags.includes('z')) {
      connection.destroy();
      return 0;
    }
    process.stdin?.pipe(connection);
    process.killed.addEventListener('abort', () => connection.destroy(), { once: true });
    for await (const chunk of connection) process.stdout(chunk);
    return 0;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const what =
      error.code === 'ENOTFOUND'
        ? `nc: bad address '${host}'`
        : `nc: ${host} (${host}:${port}): ${error.message}`;
    process.stderr(`${what}\n`);
    return 1;
  }
};

export const ping: Program = async ({ argv, world, stdout, stderr, killed }) => {
  const countAt = argv.indexOf('-c');
  const count = countAt > 0 ? Number(argv[countAt + 1]) : Number.POSITIVE_INFINITY;
  const host =
    argv.filter(
      (arg, index) => index > 0 && !arg.startsWith('-') && !/^-[cWwi]$/.test(argv[index - 1] ?? ''),
    )[0] ?? '';
  const [address] = /^[\d.]+$/.test(host) ? [host] : world.network.resolve(host).addresses;
  if (!address) {
    stderr(`ping: bad address '${host}'\n`);
    return 1;
  }
  stdout(`PING ${host} (${address}): 56 data bytes\n`);
  for (let sequence = 0; sequence < count; sequence++) {
    if (sequence > 0) await world.clock.sleep(1000, killed);
    stdout(`64 bytes from ${address}: seq=${sequence} ttl=62 time=0.102 ms\n`);
  }
  stdout(
    `\n--- ${host} ping statistics ---\n${count} packets transmitted, ${count} packets received, 0% packet loss\nround-trip min/avg/max = 0.102/0.102/0.102 ms\n`,
  );
  return 0;
};

export const ip: Program = async ({ world, stdout }) => {
  stdout(
    `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000\n    inet ${world.network.ip}/24 brd ${world.network.ip.replace(/\d+$/, '255')} scope global eth0\n       valid_lft forever preferred_lft forever\n`,
  );
  return 0;
};
