import type { Duplex } from 'node:stream';
import { NetworkError } from '../../network/network-error.js';
import type { Process, Program } from '../process.js';
import { untilStopped } from './http-server.js';

/** Listens on a TCP port until stopped, as a server whose protocol is `handle`. */
async function listenTcp(
  process: Process,
  port: number,
  handle: (connection: Duplex) => void,
): Promise<number> {
  try {
    const stop = process.world.network.listen(port, handle);
    try {
      return await untilStopped(process);
    } finally {
      stop();
    }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    process.stderr(`bind: ${error.message}\n`);
    return 1;
  }
}

const redisServer: Program = (process) => {
  const store = new Map<string, string>();
  const when = new Date(process.world.clock.now())
    .toUTCString()
    .replace(/^\w+, (\d+ \w+ \d+ \S+) GMT$/, '$1.000');
  const port = Number(process.argv[process.argv.indexOf('--port') + 1]) || 6379;
  process.stdout(
    `1:C ${when} * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n1:C ${when} * Redis version=${process.env['REDIS_VERSION'] ?? '7.4.2'}, bits=64, commit=00000000, modified=0, pid=1, just started\n1:M ${when} * Running mode=standalone, port=${port}.\n1:M ${when} * Ready to accept connections tcp\n`,
  );
  return listenTcp(process, port, (connection) => {
    let pending = '';
    connection.on('data', (chunk: Buffer) => {
      pending += chunk.toString();
      for (let command = takeCommand(); command; command = takeCommand())
        connection.write(encode(execute(store, command)));
    });
    const takeCommand = (): string[] | undefined => {
      const parsed = parseCommand(pending);
      if (!parsed) return undefined;
      pending = pending.slice(parsed.length);
      return parsed.words;
    };
  });
};

type Reply = string | number | null | { status: string } | { error: string } | string[];

/** The Redis serialization protocol; https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function encode(reply: Reply): string {
  if (reply === null) return '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if (Array.isArray(reply)) return `*${reply.length}\r\n${reply.map(encode).join('')}`;
  return 'status' in reply ? `+${reply.status}\r\n` : `-${reply.error}\r\n`;
}

function parseCommand(text: string): { words: string[]; length: number } | undefined {
  const lineEnd = text.indexOf('\n');
  if (lineEnd < 0) return undefined;
  if (!text.startsWith('*'))
    return { words: text.slice(0, lineEnd).trim().split(/\s+/), length: lineEnd + 1 };
  const words: string[] = [];
  let at = lineEnd + 1;
  for (let index = 0; index < Number.parseInt(text.slice(1), 10); index++) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number(text.slice(at + 1, end));
    if (text.length < end + 2 + size + 2) return undefined;
    words.push(text.slice(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
  return { words, length: at };
}

function execute(store: Map<string, string>, [name = '', ...args]: string[]): Reply {
  const [key = '', value = ''] = args;
  switch (name.toUpperCase()) {
    case 'PING':
      return args.length > 0 ? key : { status: 'PONG' };
    case 'ECHO':
      return key;
    case 'SET':
      store.set(key, value);
      return { status: 'OK' };
    case 'GET':
      return store.get(key) ?? null;
    case 'DEL':
      return args.filter((each) => store.delete(each)).length;
    case 'EXISTS':
      return args.filter((each) => store.has(each)).length;
    case 'INCR':
    case 'DECR': {
      const next = Number(store.get(key) ?? 0) + (name.toUpperCase() === 'INCR' ? 1 : -1);
      store.set(key, String(next));
      return next;
    }
    case 'KEYS':
      return [...store.keys()];
    case 'DBSIZE':
      return store.size;
    case 'FLUSHALL':
    case 'FLUSHDB':
      store.clear();
      return { status: 'OK' };
    case 'INFO':
      return '# Server\r\nredis_mode:standalone\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n';
    default:
      return {
        error: `ERR unknown command '${name}', with args beginning with: ${args.map((arg) => `'${arg}' `).join('')}`,
      };
  }
}

const redisCli: Program = async (process) => {
  const args = process.argv.slice(1);
  let host = '127.0.0.1';
  let port = 6379;
  while (args[0]?.startsWith('-')) {
    const option = args.shift();
    if (option === '-h') host = args.shift() ?? host;
    else if (option === '-p') port = Number(args.shift());
    else if (option === '-a' || option === '-n') args.shift();
  }
  try {
    const connection = await process.world.network.dial(host, port);
    const answered = new Promise<string>((resolve) =>
      connection.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    connection.write(
      `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`,
    );
    process.stdout(`${readable(await answered, process.tty)}\n`);
    connection.destroy();
    return 0;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    process.stderr(`Could not connect to Redis at ${host}:${port}: ${error.message}\n`);
    return 1;
  }
};

function readable(reply: string, tty: boolean): string {
  const body = reply.slice(1).trimEnd();
  if (reply.startsWith('*'))
    return body
      .split('\r\n')
      .filter((line) => !/^(\d+|\$-?\d+)$/.test(line))
      .join('\n');
  if (reply.startsWith('$-1')) return tty ? '(nil)' : '';
  if (reply.startsWith('$'))
    return tty ? `"${body.slice(body.indexOf('\r\n') + 2)}"` : body.slice(body.indexOf('\r\n') + 2);
  if (reply.startsWith(':')) return tty ? `(integer) ${body}` : body;
  return reply.startsWith('-') ? `(error) ${body}` : body;
}

const postgres: Program = async (process) => {
  if (!process.env['POSTGRES_PASSWORD'] && process.env['POSTGRES_HOST_AUTH_METHOD'] !== 'trust') {
    process.stderr(
      'Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the\n       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".\n\n       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all\n       connections without a password. This is *not* recommended.\n\n       See PostgreSQL documentation about "trust":\n       https://www.postgresql.org/docs/current/auth-trust.html\n',
    );
    return 1;
  }
  const when = new Date(process.world.clock.now()).toISOString().slice(0, 23).replace('T', ' ');
  process.stderr(
    `${when} UTC [1] LOG:  listening on IPv4 address "0.0.0.0", port 5432\n${when} UTC [1] LOG:  database system is ready to accept connections\n`,
  );
  return listenTcp(process, 5432, () => {});
};

const pgIsReady: Program = async ({ world, stdout }) => {
  const ready = world.network.isListening(5432);
  stdout(`/var/run/postgresql:5432 - ${ready ? 'accepting connections' : 'no response'}\n`);
  return ready ? 0 : 2;
};

const mysqld: Program = async (process) => {
  const { env, world } = process;
  if (
    ![
      'MYSQL_ROOT_PASSWORD',
      'MYSQL_ALLOW_EMPTY_PASSWORD',
      'MYSQL_RANDOM_ROOT_PASSWORD',
      'MARIADB_ROOT_PASSWORD',
    ].some((name) => env[name])
  ) {
    const when = new Date(world.clock.now()).toISOString().slice(0, 19).replace('T', ' ');
    process.stderr(
      `${when}+00:00 [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n`,
    );
    return 1;
  }
  process.stderr(
    `${new Date(world.clock.now()).toISOString()} 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.4.5'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.\n`,
  );
  return listenTcp(process, 3306, () => {});
};

const mysqladmin: Program = async ({ world, stdout, stderr }) => {
  if (world.network.isListening(3306)) {
    stdout('mysqld is alive\n');
    return 0;
  }
  stderr("mysqladmin: connect to server at 'localhost' failed\n");
  return 1;
};

const memcached: Program = (process) => listenTcp(process, 11211, () => {});

export const DATABASES: Record<string, Program> = {
  'redis-server': redisServer,
  'redis-cli': redisCli,
  postgres,
  'pg-isready': pgIsReady,
  mysqld,
  mysqladmin,
  memcached,
};
