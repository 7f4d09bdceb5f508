import type { Duplex } from 'node:stream';
import type { ServedResource } from '../../schema/resources.js';
import type { Authorizer } from '../authorization.js';
import type { Caller } from '../caller.js';
import type { Registry } from '../registry.js';
import type { RequestInfo, ResourcePath } from './request-info.js';
import type { Exchange } from './respond.js';

/** One authorized request for something of a served resource. */
export interface ResourceRequest extends Exchange {
  registry: Registry;
  authorizer: Authorizer;
  info: RequestInfo;
  path: ResourcePath;
  resource: ServedResource;
  caller: Caller;
}

/** The subresources that are streams of a pod: log, exec, attach, portforward. */
export interface PodStreams {
  /** False when the subresource is none of them. Writes the response itself; rejects with `ApiError` before it did. */
  serve(request: ResourceRequest): Promise<boolean>;
  upgrade(
    request: Omit<ResourceRequest, 'response' | 'warnings'>,
    socket: Duplex,
    head: Buffer,
  ): Promise<boolean>;
}
