import http from 'node:http';
import https from 'node:https';
import type { ClusterConnection } from '../common/cluster-connection.js';

export interface ClusterRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query, e.g. `/api/v1/namespaces/shop/pods?limit=100`. */
  path: string;
  body?: unknown;
  /** `application/json` unless told. */
  contentType?: string;
}

export interface ClusterResponse {
  status: number;
  /** Decoded JSON; undefined where the body is empty or no JSON. */
  body: unknown;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const MAX_CONNECTIONS = 4;

/** A connection nobody uses is let go after this time; a service may hold a reader for each of a thousand labs. */
const IDLE_CONNECTION_MS = 15_000;

/** Speaks JSON with an API server over kept-alive connections; `request` rejects when there is no whole answer in time. */
export class ClusterHttp {
  private readonly agent: http.Agent;
  private readonly origin: URL;

  constructor(private readonly connection: ClusterConnection) {
    this.origin = new URL(connection.origin);
    const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS };
    const { tls } = connection;
    this.agent =
      this.origin.protocol === 'https:'
        ? new https.Agent({
            ...options,
            ...(tls && { ca: tls.certificateAuthority, cert: tls.clientCertificate, key: tls.clientKey }),
          })
        : new http.Agent(options);
  }

  request({
    method,
    path,
    body,
    contentType = 'application/json',
  }: ClusterRequest): Promise<ClusterResponse> {
    const { connection, origin } = this;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options: https.RequestOptions = {
      agent: this.agent,
      method,
      path: `${connection.pathPrefix ?? ''}${path}`,
      headers: {
        accept: 'application/json',
        ...connection.headers,
        ...(payload && { 'content-type': contentType, 'content-length': payload.length }),
      },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      // Also with a socket: the server's certificate is for this name.
      host: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: origin.port || undefined,
      ...(connection.socketPath !== undefined && { socketPath: connection.socketPath }),
    };
    return new Promise((resolve, reject) => {
      const send = origin.protocol === 'https:' ? https.request : http.request;
      const request = send(options, (response) => readBody(response).then(resolve, reject));
      request.on('error', reject);
      request.end(payload);
    });
  }

  /** Lets all connections go. */
  close(): void {
    this.agent.destroy();
  }
}

async function readBody(response: http.IncomingMessage): Promise<ClusterResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) {
      response.destroy();
      throw new Error(`the answer is larger than ${MAX_RESPONSE_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, body: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
