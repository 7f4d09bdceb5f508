import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError } from './api-error.js';
import type { UserInfo } from './caller.js';
import type { TokenAuthority } from './token-authority.js';

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Connections of front proxies, whose headers are believed. */
const frontProxies = new WeakSet<object>();

/** From now on, requests of this connection come from whom their `X-Remote-*` headers name. */
export function trustFrontProxy(connection: object): void {
  frontProxies.add(connection);
}

/** A certificate counts for all requests of its connection. */
const users = new WeakMap<TLSSocket, UserInfo>();

export const unauthorized = () => new ApiError(401, 'Unauthorized', 'Unauthorized');

/**
 * Who sends a request: by a client certificate of the cluster's authority, by a service account's bearer token, or
 * anonymous. Throws 401 for credentials that are wrong.
 */
export function authenticate(request: IncomingMessage, tokens: TokenAuthority): UserInfo | Promise<UserInfo> {
  const socket = request.socket as TLSSocket;
  if (frontProxies.has(socket)) return userOfHeaders(request);
  const known = users.get(socket);
  if (known) return known;
  const certified = userOfCertificate(socket);
  if (certified) {
    users.set(socket, certified);
    return certified;
  }
  const { authorization } = request.headers;
  if (authorization === undefined) return ANONYMOUS;
  const token = /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return ANONYMOUS;
  return tokens.authenticate(token).then((user) => {
    if (!user) throw unauthorized();
    return user;
  });
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy */
function userOfHeaders({ headersDistinct }: IncomingMessage): UserInfo {
  const [name] = headersDistinct['x-remote-user'] ?? [];
  if (!name) throw unauthorized();
  return {
    name,
    groups: [...new Set([...(headersDistinct['x-remote-group'] ?? []), 'system:authenticated'])],
  };
}

/** Common name and organizations; https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates */
function userOfCertificate(socket: TLSSocket): UserInfo | undefined {
  const certificate = socket.getPeerCertificate?.();
  if (!certificate || Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) throw unauthorized();
  const { CN, O = [] } = certificate.subject as { CN?: string | string[]; O?: string | string[] };
  const name = [CN ?? []].flat()[0];
  if (!name) throw unauthorized();
  const digest = createHash('sha256').update(certificate.raw).digest('hex');
  return {
    name,
    groups: [...new Set([...[O].flat(), 'system:authenticated'])],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
  };
}
