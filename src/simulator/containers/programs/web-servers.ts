import type { IncomingMessage } from 'node:http';
import type { Program } from '../process.js';
import { commonLogTime, fileServer, peerOf, sendText, simpleServer, untilStopped } from './http-server.js';
import { kuard } from './kuard.js';
import { nginx } from './nginx.js';

const requestHead = (request: IncomingMessage) => {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2)
    lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  return lines.join('\n');
};

const whoami = simpleServer(80, ({ world }, request, response) =>
  sendText(
    response,
    `Hostname: ${world.hostname}\nIP: 127.0.0.1\nIP: ${world.network.ip}\nRemoteAddr: ${peerOf(request)}:40000\n${requestHead(request)}\n\n`,
  ),
);

const httpEcho = simpleServer(5678, (process, request, response) => {
  const at = process.argv.findIndex((arg) => /^--?text$/.test(arg));
  const message = process.argv
    .map((arg) => /^--?text=(.*)$/s.exec(arg)?.[1])
    .find((each) => each !== undefined);
  sendText(
    response,
    `${message ?? (at >= 0 ? process.argv[at + 1] : process.env['ECHO_TEXT']) ?? 'hello-world'}\n`,
  );
  const when = new Date(process.world.clock.now())
    .toISOString()
    .slice(0, 19)
    .replaceAll('-', '/')
    .replace('T', ' ');
  process.stdout(
    `${when} ${request.headers.host ?? ''} ${peerOf(request)}:40000 "${request.method} ${request.url} HTTP/1.1" 200 12 "${request.headers['user-agent'] ?? ''}"\n`,
  );
});

const echoServer = simpleServer(8080, ({ world }, request, response) =>
  sendText(
    response,
    `\n\nHostname: ${world.hostname}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: 1.14.2 - lua: 10015\n\nRequest Information:\n\tclient_address=${peerOf(request)}\n\tmethod=${request.method}\n\treal path=${request.url}\n\trequest_version=1.1\n\trequest_uri=http://${request.headers.host ?? ''}:8080${request.url}\n\nRequest Headers:\n${headerLines(request)}\n\nRequest Body:\n\t-no body in request-\n\n`,
  ),
);

const headerLines = (request: IncomingMessage) =>
  Object.entries(request.headers)
    .map(([name, value]) => `\t${name}=${String(value)}`)
    .join('\n');

/** luksa/kubia: says which pod answers. */
const kubia = simpleServer(
  8080,
  ({ world, stdout }, request, response) => {
    stdout(`Received request from ${peerOf(request)}\n`);
    sendText(response, `You've hit ${world.hostname}\n`);
  },
  () => 'Kubia server starting...\n',
);

/** k8s.gcr.io/hpa-example: every request computes for a moment. */
const hpaExample = simpleServer(80, (_process, _request, response) => sendText(response, 'OK!'));

const helloApp = simpleServer(
  8080,
  ({ world, stdout }, request, response) => {
    stdout(`Serving request: ${request.url}\n`);
    sendText(
      response,
      `Hello, world!\nVersion: ${world.files.readText('/etc/app-version')?.trim() ?? '1.0.0'}\nHostname: ${world.hostname}\n`,
    );
  },
  (port) => `Server listening on port ${port}\n`,
);

/** `agnhost netexec` and `serve-hostname`; other subcommands wait. */
const agnhost: Program = async (process) => {
  const [, command = 'pause'] = process.argv;
  if (command === 'serve-hostname')
    return simpleServer(9376, ({ world }, _request, response) => sendText(response, world.hostname))(process);
  if (command === 'netexec')
    return simpleServer(8080, ({ world }, request, response) => {
      const path = (request.url ?? '/').split('?', 1)[0];
      if (path === '/hostname' || path === '/hostName') return sendText(response, world.hostname);
      if (path === '/clientip') return sendText(response, `${peerOf(request)}:40000`);
      return sendText(response, `NOW: ${new Date(world.clock.now()).toISOString()}`);
    })(process);
  process.stdout('Paused\n');
  return untilStopped(process);
};

const httpd = fileServer({
  port: 80,
  root: '/usr/local/apache2/htdocs',
  server: 'Apache/2.4.63 (Unix)',
  start: ({ world }) => {
    const ip = world.network.ip;
    const when = new Date(world.clock.now())
      .toUTCString()
      .replace(/(\w+), (\d+) (\w+) (\d+) (\S+) GMT/, '$1 $3 $2 $5.000000 $4');
    return `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${ip}. Set the 'ServerName' directive globally to suppress this message\n[${when}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.63 (Unix) configured -- resuming normal operations\n[${when}] [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'\n`;
  },
  log: (process, request, status, bytes) =>
    process.stdout(
      `${peerOf(request)} - - [${commonLogTime(process.world.clock.now())}] "${request.method} ${request.url} HTTP/${request.httpVersion}" ${status} ${bytes}\n`,
    ),
});

/** busybox's own `httpd -f -p 8080 -h /www`. */
const busyboxHttpd: Program = (process) => {
  const after = (flag: string) => process.argv[process.argv.indexOf(flag) + 1];
  const port = process.argv.includes('-p') ? Number(after('-p')?.replace(/^.*:/, '')) : 80;
  const root = process.argv.includes('-h') ? (after('-h') ?? '/') : process.cwd;
  return fileServer({ port, root, server: 'busybox', log: () => {} })(process);
};

export const WEB_SERVERS: Record<string, Program> = {
  nginx,
  kuard,
  'whoami-server': whoami,
  'http-echo': httpEcho,
  'echo-server': echoServer,
  kubia,
  'hpa-example': hpaExample,
  'hello-app': helloApp,
  agnhost,
  httpd,
  'busybox-httpd': busyboxHttpd,
};
