import type { Duplex } from 'node:stream';
import type { Pod } from '../../api/core-v1.generated.js';
import type { NodeAgent } from '../../kubelet/node-agent.js';
import { badRequest } from '../api-error.js';
import { requireNode } from '../streaming/choose-container.js';
import { handleUpgrade, type PodConnection } from '../streaming/handle-upgrade.js';
import { streamLogs } from '../streaming/logs.js';
import { targetOf } from './object-io.js';
import type { PodStreams, ResourceRequest } from './resource-request.js';

/** The node's agent by the node's name; undefined while there is none. */
export type FindAgent = (nodeName: string) => NodeAgent | undefined;

const UPGRADED = new Set<string | undefined>(['exec', 'attach', 'portforward']);

/** Streams of pods, served by the agents of their nodes. */
export function podStreams(findAgent: FindAgent): PodStreams {
  return {
    async serve(request) {
      const { path, response, info, registry } = request;
      if (path.plural !== 'pods' || path.group !== '') return false;
      if (UPGRADED.has(path.subresource)) throw badRequest('Upgrade request required');
      if (path.subresource !== 'log') return false;
      const pod = podOf(request);
      const agent = findAgent(pod.spec.nodeName ?? '');
      await streamLogs(agent, pod, info.query, response, registry.core.clock.now());
      return true;
    },
    async upgrade(request, socket: Duplex, head) {
      const { path, info } = request;
      const { subresource } = path;
      if (path.plural !== 'pods' || path.group !== '' || !UPGRADED.has(subresource)) return false;
      const pod = podOf(request);
      requireNode(pod);
      const agent = findAgent(pod.spec.nodeName ?? '');
      if (!agent) throw badRequest(`node ${pod.spec.nodeName} does not answer`);
      const connection = { agent, pod, subresource, query: info.query } as PodConnection;
      await handleUpgrade(request.request, socket, head, connection);
      return true;
    },
  };
}

function podOf(request: Pick<ResourceRequest, 'registry' | 'resource' | 'path'>): Pod {
  return request.registry.get(targetOf(request)) as unknown as Pod;
}
