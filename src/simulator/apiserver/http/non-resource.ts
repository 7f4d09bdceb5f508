import type { IncomingMessage } from 'node:http';
import type { ResourceCatalogue } from '../../schema/resources.js';
import { discoveryResponse } from '../discovery/discovery.js';
import { KUBERNETES_VERSION } from '../kubernetes-version.js';
import { openApiResponse } from '../openapi/openapi.js';
import type { RequestInfo } from './request-info.js';

export interface NonResourceAnswer {
  code?: number;
  contentType: string;
  body: string | Uint8Array;
  /** The body compressed, when that is at hand. */
  gzip?: Buffer;
  cacheControl?: string;
  /** Quoted, as the header wants it. */
  etag?: string;
}

/** Answers a GET of a path that is no resource; undefined when there is nothing at it. */
export type NonResourceEndpoint = (
  request: IncomingMessage,
  info: RequestInfo,
) => NonResourceAnswer | undefined;

/** Discovery, health, version and OpenAPI documents of what the catalogue serves now. */
export function documentsOf(catalogue: ResourceCatalogue): NonResourceEndpoint {
  return ({ headers, url = '/' }, { path, query }) => {
    const accept = headers.accept ?? '';
    if (path.startsWith('/openapi/')) return openApiResponse(path, query, accept, catalogue);
    const serverAddress = headers.host ?? 'localhost:6443';
    return discoveryResponse(url, accept, catalogue, {
      serverAddress,
      kubernetesVersion: KUBERNETES_VERSION,
    });
  };
}
