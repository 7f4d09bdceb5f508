import { Readable } from 'node:stream';
import { ApiError, badRequest } from '../apiserver/api-error.js';
import { NetworkError } from '../network/network-error.js';
import type { ContainerSlot } from './container-slot.js';
import type { ExecRequest, ExecResult, LogOptions, NodeAgent } from './node-agent.js';
import type { PodWorker } from './pod-worker.js';
import { sandboxId } from './sandbox-id.js';

/** Answers the API server's questions about the pods of one node. */
export class PodAgent implements NodeAgent {
  constructor(private readonly find: (podUid: string) => PodWorker | undefined) {}

  async logs(podUid: string, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    const worker = this.pod(podUid);
    const slot = this.slot(worker, options.container);
    if (options.previous) {
      if (slot.previousLog && slot.restartCount > 0) return slot.previousLog.read(options, signal);
      throw badRequest(
        `previous terminated container "${slot.name}" in pod "${worker.object.metadata.name}" not found`,
      );
    }
    if (slot.log) return slot.log.read(options, signal);
    const ended = slot.state.terminated;
    if (ended) return Readable.from([`unable to retrieve container logs for ${ended.containerID}`]);
    const reason = slot.state.waiting?.reason ?? 'ContainerCreating';
    const why =
      reason === 'ImagePullBackOff'
        ? 'trying and failing to pull image'
        : reason === 'ErrImagePull'
          ? "image can't be pulled"
          : reason;
    throw badRequest(
      `container "${slot.name}" in pod "${worker.object.metadata.name}" is waiting to start: ${why}`,
    );
  }

  async exec(podUid: string, request: ExecRequest): Promise<ExecResult> {
    const { running, name } = this.slot(this.pod(podUid), request.container);
    if (!running) throw cannotConnect(`container not found ("${name}")`);
    return running.exec(request);
  }

  async attach(podUid: string, request: ExecRequest): Promise<ExecResult> {
    const worker = this.pod(podUid);
    const { running, name } = this.slot(worker, request.container);
    const { metadata } = worker.object;
    if (!running)
      throw cannotConnect(`container ${name} not found in pod ${metadata.name}_${metadata.namespace}`);
    return running.attach(request.streams, request.signal);
  }

  async dial(podUid: string, port: number) {
    const { endpoint } = this.pod(podUid);
    if (!endpoint) throw new NetworkError('EHOSTUNREACH');
    try {
      return await endpoint.dial('127.0.0.1', port);
    } catch (error) {
      if (!(error instanceof NetworkError) || error.code !== 'ECONNREFUSED') throw error;
      throw new Error(
        `failed to execute portforward in network namespace "/var/run/netns/cni-${podUid}": failed to connect to localhost:${port} inside namespace "${sandboxId(podUid)}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `,
        { cause: error },
      );
    }
  }

  private pod(podUid: string): PodWorker {
    const worker = this.find(podUid);
    if (!worker) throw new ApiError(404, 'NotFound', 'pod does not exist');
    return worker;
  }

  private slot(worker: PodWorker, name: string): ContainerSlot {
    const slot = worker.slots.find((each) => each.name === name);
    if (!slot) throw badRequest(`container ${name} is not valid for pod ${worker.object.metadata.name}`);
    return slot;
  }
}

const cannotConnect = (why: string) =>
  new ApiError(500, 'InternalError', `unable to upgrade connection: ${why}`);
