import type { Readable, Writable } from 'node:stream';

/** Lines of a container's log, as `kubectl logs` asks for them (query parameters of pods/log). */
export interface LogOptions {
  container: string;
  follow?: boolean;
  previous?: boolean;
  sinceTime?: number;
  tailLines?: number;
  limitBytes?: number;
  timestamps?: boolean;
}

export interface ExecStreams {
  stdin?: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Called with every terminal size the client sends, when `tty`. */
  onResize?: (listener: (size: { columns: number; rows: number }) => void) => void;
}

export interface ExecRequest {
  container: string;
  command: string[];
  tty: boolean;
  streams: ExecStreams;
  signal: AbortSignal;
}

/** How a command ended. `message` is set when it could not be started, in the words a real runtime uses. */
export interface ExecResult {
  exitCode: number;
  message?: string;
}

/**
 * What the API server asks of the kubelet that runs a pod: the pods/log, pods/exec, pods/attach and pods/portforward
 * subresources. Rejects with `ApiError` (400 BadRequest, 404) in the kubelet's own words, e.g. `container "x" in pod
 * "y" is waiting to start: ContainerCreating`.
 */
export interface NodeAgent {
  logs(podUid: string, options: LogOptions, signal: AbortSignal): Promise<Readable>;
  exec(podUid: string, request: ExecRequest): Promise<ExecResult>;
  attach(podUid: string, request: ExecRequest): Promise<ExecResult>;
  /** Opens a TCP-like stream to a port of the pod; rejects when nothing listens there. */
  dial(podUid: string, port: number): Promise<import('node:stream').Duplex>;
}
