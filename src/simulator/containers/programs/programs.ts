import type { Program } from '../process.js';
import { DAEMONS } from './daemons.js';
import { DATABASES } from './databases.js';
import { curl, wget } from './http-clients.js';
import { INTERPRETERS } from './interpreters.js';
import { ip, nc, nslookup, ping } from './network-tools.js';
import { df, free, hostname, id, kill, mount, ps, sleep, tail, tty, uname, whoami } from './system-tools.js';
import { tar } from './tar.js';
import { WEB_SERVERS } from './web-servers.js';

/** Programs by the name that image files and base systems give them. */
export const PROGRAMS: Record<string, Program | undefined> = {
  sleep,
  tail,
  hostname,
  id,
  whoami,
  uname,
  df,
  kill,
  ps,
  free,
  mount,
  tar,
  tty,
  wget,
  curl,
  nslookup,
  nc,
  ping,
  ip,
  ...WEB_SERVERS,
  ...DATABASES,
  ...DAEMONS,
  ...INTERPRETERS,
};

/** Programs that may run for ever: in a shell their output is shown as it comes. */
export const STREAMING_PROGRAMS = new Set([
  ...Object.keys(WEB_SERVERS),
  ...Object.keys(DAEMONS),
  'redis-server',
  'postgres',
  'mysqld',
  'memcached',
  'python',
  'node',
  'tail',
  'sleep',
  'ping',
]);
