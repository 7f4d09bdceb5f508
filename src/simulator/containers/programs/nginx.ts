import type { IncomingMessage } from 'node:http';
import { NetworkError } from '../../network/network-error.js';
import type { Process, Program } from '../process.js';
import { commonLogTime, contentType, listenHttp, peerOf } from './http-server.js';

interface Site {
  port: number;
  locations: {
    path: string;
    root?: string | undefined;
    alias?: string | undefined;
    answer?: { status: number; body: string } | undefined;
  }[];
  root: string;
}

/**
 * nginx as far as exercises use it: serves the files of its `server` blocks (`listen`, `root`, `location` with `root`,
 * `alias` or `return`), logs as the official image does, stops on SIGQUIT and SIGTERM.
 */
export const nginx: Program = async (process) => {
  const version = process.env['NGINX_VERSION'] ?? '1.27.0';
  const args = process.argv.slice(1);
  if (args.includes('-v') || args.includes('-V')) {
    process.stderr(`nginx version: nginx/${version}\n`);
    return 0;
  }
  const sites = readSites(process);
  if (args.includes('-t')) {
    process.stderr(
      'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n',
    );
    return 0;
  }
  if (args[0] === '-s') {
    const master = [...process.world.processes.values()].find(
      (each) => each !== process && each.argv[0]?.endsWith('nginx'),
    );
    master?.signal(args[1] === 'reload' ? 'SIGHUP' : args[1] === 'quit' ? 'SIGQUIT' : 'SIGTERM');
    return 0;
  }
  for (const line of startLines(process, version)) process.stderr(line);
  return serve(process, sites, version);
};

/** What the official image's entry point prints before it becomes nginx. */
export const ENTRYPOINT_LINES = [
  '/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration',
  '/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/',
  '/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh',
  '10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf',
  '10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf',
  '/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh',
  '/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh',
  '/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh',
  '/docker-entrypoint.sh: Configuration complete; ready for start up',
];

function startLines({ world }: Process, version: string): string[] {
  const when = new Date(world.clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
  const notices = [
    'using the "epoll" event method',
    `nginx/${version}`,
    'built by gcc 12.2.0 (Debian 12.2.0-14+deb12u1) ',
    'OS: Linux 6.8.0-45-generic',
    'getrlimit(RLIMIT_NOFILE): 1048576:1048576',
    'start worker processes',
    'start worker process 29',
    'start worker process 30',
  ];
  return notices.map((notice) => `${when} [notice] 1#1: ${notice}\n`);
}

async function serve(process: Process, sites: Site[], version: string): Promise<number> {
  const quit = new Promise<number>((resolve) => process.onSignal('SIGQUIT', () => resolve(0)));
  try {
    const servers = sites.map((site) =>
      listenHttp(process, site.port, (request, response) => {
        const { status, body, path } = answer(process, site, request, version);
        response.writeHead(status, {
          server: `nginx/${version}`,
          'content-type': path ? contentType(path) : 'text/html',
          'content-length': body.length,
          ...(path && { 'accept-ranges': 'bytes' }),
        });
        response.end(request.method === 'HEAD' ? undefined : body);
        process.stdout(accessLine(process, request, status, body.length));
        if (status === 404) process.stderr(errorLine(process, site, request));
      }),
    );
    return await Promise.race([quit, ...servers]);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    process.stderr(
      `nginx: [emerg] bind() to 0.0.0.0:${sites[0]?.port ?? 80} failed (98: Address already in use)\n`,
    );
    return 1;
  }
}

function accessLine({ world }: Process, request: IncomingMessage, status: number, bytes: number): string {
  const { referer = '-', 'user-agent': agent = '-', 'x-forwarded-for': forwarded = '-' } = request.headers;
  return `${peerOf(request)} - - [${commonLogTime(world.clock.now())}] "${request.method} ${request.url} HTTP/${request.httpVersion}" ${status} ${bytes} "${referer}" "${agent}" "${String(forwarded)}"\n`;
}

function errorLine({ world }: Process, site: Site, request: IncomingMessage): string {
  const when = new Date(world.clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
  return `${when} [error] 29#29: *1 open() "${site.root}${request.url}" failed (2: No such file or directory), client: ${peerOf(request)}, server: localhost, request: "${request.method} ${request.url} HTTP/${request.httpVersion}", host: "${request.headers.host ?? ''}"\n`;
}

const TITLES: Record<number, string> = {
  403: '403 Forbidden',
  404: '404 Not Found',
  500: '500 Internal Server Error',
  503: '503 Service Temporarily Unavailable',
};

function answer(
  { world }: Process,
  site: Site,
  request: IncomingMessage,
  version: string,
): { status: number; body: Uint8Array; path?: string } {
  const path = decodeURIComponent((request.url ?? '/').split('?', 1)[0] ?? '/');
  const location = site.locations
    .filter((each) => path.startsWith(each.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
  const problem = (status: number) => ({
    status,
    body: Buffer.from(
      `<html>\r\n<head><title>${TITLES[status]}</title></head>\r\n<body>\r\n<center><h1>${TITLES[status]}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`,
    ),
  });
  if (location?.answer) {
    const { status, body } = location.answer;
    return body === '' && TITLES[status] ? problem(status) : { status, body: Buffer.from(body) };
  }
  const wanted = location?.alias
    ? location.alias + path.slice(location.path.length)
    : (location?.root ?? site.root) + path;
  const file = world.files.lookup(wanted)?.kind === 'directory' ? `${wanted}/index.html` : wanted;
  const node = world.files.lookup(file);
  if (node?.kind === 'file') return { status: 200, body: node.content, path: file };
  return problem(file !== wanted ? 403 : 404);
}

const DEFAULT_ROOT = '/usr/share/nginx/html';

/** Reads the `server` blocks of nginx.conf and conf.d. */
function readSites({ world }: Process): Site[] {
  const folder =
    world.files.lookup('/etc/nginx/conf.d')?.kind === 'directory'
      ? world.files.list('/etc/nginx/conf.d')
      : [];
  const texts = [
    '/etc/nginx/nginx.conf',
    ...folder.filter((name) => name.endsWith('.conf')).map((name) => `/etc/nginx/conf.d/${name}`),
  ];
  const sites = texts.flatMap((path) =>
    blocks((world.files.readText(path) ?? '').replace(/#.*$/gm, ''), 'server').map(({ body }) =>
      readSite(body),
    ),
  );
  return sites.filter((site, index) => sites.findIndex((each) => each.port === site.port) === index);
}

function readSite(body: string): Site {
  const locations = blocks(body, 'location').map(({ head, body: inner }) => {
    const [, status, text] = /\breturn\s+(\d+)\s*(?:"([^"]*)"|'([^']*)'|[^;]*)?;/.exec(inner) ?? [];
    return {
      path: head.replace(/^[=~^*\s]+/, '').trim(),
      root: /\broot\s+([^;\s]+)\s*;/.exec(inner)?.[1],
      alias: /\balias\s+([^;\s]+)\s*;/.exec(inner)?.[1],
      answer: status
        ? {
            status: Number(status),
            body: (text ?? /\breturn\s+\d+\s+'([^']*)'/.exec(inner)?.[1] ?? '').replaceAll('\\n', '\n'),
          }
        : undefined,
    };
  });
  const own = body.replace(/location[^{]*\{[^}]*\}/g, '');
  return {
    port: Number(/\blisten\s+(?:[\d.]+:)?(\d+)/.exec(own)?.[1] ?? 80),
    root:
      /\broot\s+([^;\s]+)\s*;/.exec(own)?.[1] ??
      locations.find((each) => each.path === '/')?.root ??
      DEFAULT_ROOT,
    locations,
  };
}

/** The bodies of `name … { … }` blocks, wherever they are nested. */
function blocks(text: string, name: string): { head: string; body: string }[] {
  const found: { head: string; body: string }[] = [];
  const start = new RegExp(`\\b${name}\\b([^{};]*)\\{`, 'g');
  for (let match = start.exec(text); match; match = start.exec(text)) {
    let depth = 1;
    let end = start.lastIndex;
    while (end < text.length && depth > 0) {
      if (text[end] === '{') depth++;
      if (text[end] === '}') depth--;
      end++;
    }
    found.push({ head: match[1] ?? '', body: text.slice(start.lastIndex, end - 1) });
    start.lastIndex = end;
  }
  return found;
}
