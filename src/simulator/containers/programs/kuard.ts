import type { Program } from '../process.js';
import { listenHttp, peerOf, sendText } from './http-server.js';

/** kuard, the demo application of "Kubernetes: Up and Running": pages about its pod, and health that can be switched. */
export const kuard: Program = (process) => {
  const { world, env, stdout } = process;
  const failing = { live: false, ready: false };
  const started = new Date(world.clock.now())
    .toISOString()
    .slice(0, 19)
    .replaceAll('-', '/')
    .replace('T', ' ');
  stdout(
    `${started} Starting kuard version: ${env['KUARD_VERSION'] ?? 'v0.10.0-blue'}\n${started} Serving on HTTP on :8080\n`,
  );
  return listenHttp(process, 8080, (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    stdout(
      `${new Date(world.clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')} ${peerOf(request)}:40000 ${request.method} ${request.url}\n`,
    );
    if (path === '/healthy') return failing.live ? sendText(response, 'fail', 500) : sendText(response, 'ok');
    if (path === '/ready') return failing.ready ? sendText(response, 'fail', 500) : sendText(response, 'ok');
    if (path === '/healthy/api' || path === '/ready/api') {
      if (request.method === 'PUT')
        failing[path === '/healthy/api' ? 'live' : 'ready'] = /fail=[1-9]/.test(request.url ?? '');
      return sendText(
        response,
        JSON.stringify({ failNext: failing[path === '/healthy/api' ? 'live' : 'ready'] ? -1 : 0 }),
      );
    }
    if (path === '/env/api') return sendText(response, JSON.stringify({ commandLine: process.argv, env }));
    const body = `<!doctype html>\n<html lang="en">\n<head>\n<title>KUAR Demo</title>\n</head>\n<body>\n<h1>KUAR Demo ${env['KUARD_VERSION'] ?? 'v0.10.0-blue'}</h1>\n<p>Request from ${peerOf(request)} to ${world.hostname} at ${world.network.ip}</p>\n</body>\n</html>\n`;
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(body);
  });
};
