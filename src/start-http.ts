import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { readJsonBodies } from './common/http/json-body.js';
import { servePage } from './common/http/page.js';
import { assignRequestId } from './common/http/request-id.js';
import { setSecurityHeaders } from './common/http/security-headers.js';
import type { Env } from './config/env.js';
import { ClusterProxy } from './labs/access/cluster-proxy.js';
import { Websockets } from './labs/access/websockets.js';

/** Puts API, documentation and page together; nothing listens yet. */
export async function prepareHttp(app: NestExpressApplication): Promise<void> {
  app.disable('x-powered-by');
  app.set('trust proxy', 'loopback, linklocal, uniquelocal');
  app.use(assignRequestId);
  // Before all that reads bodies: what goes to a cluster is passed on as it comes.
  app.use(app.get(ClusterProxy).handle);
  app.use(setSecurityHeaders);
  readJsonBodies(app);
  servePage(app);
  describeApi(app);
  await app.init();
}

/** Opens the door, for requests and websockets. Resolves to the address under which people reach it. */
export async function listen(app: NestExpressApplication, env: Env): Promise<string> {
  const server = app.getHttpServer() as Server;
  await app.get(Websockets).attachTo(server);
  await app.listen(env.PORT, env.HOST);
  return env.SEATRIAL_PUBLIC_URL?.replace(/\/+$/, '') ?? addressOf(server, env.HOST);
}

/** Ends all connections: open event streams and terminals would wait for ever. */
export function endConnections(app: NestExpressApplication): void {
  app.get(Websockets).closeAll();
  (app.getHttpServer() as Server).closeAllConnections();
}

function describeApi(app: NestExpressApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Seatrial')
    .setDescription(
      'Labs, clusters, terminals and grades. Errors are `application/problem+json` with a `code`.',
    )
    .setVersion('1')
    .addBearerAuth()
    .addCookieAuth('seatrial_session')
    .build();
  const createDocument = () => cleanupOpenApiDoc(SwaggerModule.createDocument(app, description));
  SwaggerModule.setup('api/docs', app, createDocument, { jsonDocumentUrl: 'api/openapi.json' });
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
