import { PassThrough } from 'node:stream';
import type { Container, HTTPGetAction, LifecycleHandler } from '../api/core-v1.generated.js';
import type { RunningContainer } from '../containers/runtime.js';
import { fetchOver, type HttpAnswer } from '../network/http-over-stream.js';
import type { NodeContext } from './node-context.js';

/** A running container that a probe or a hook is about. */
export interface HandlerTarget {
  running: RunningContainer;
  container: Container;
  podIp: string;
  node: NodeContext;
}

/** Runs a postStart or preStop handler to its end; resolves with why it failed, undefined when it did not. */
export async function runHook(
  hook: LifecycleHandler,
  target: HandlerTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    if (hook.sleep) await target.node.clock.sleep(hook.sleep.seconds * 1000, signal);
    if (hook.exec) {
      const { exitCode, output } = await runCommand(hook.exec.command ?? [], target, signal);
      if (exitCode !== 0)
        return `Exec lifecycle hook ([${(hook.exec.command ?? []).join(' ')}]) failed - error: command exited with ${exitCode}: ${output}`;
    }
    if (hook.httpGet) {
      const answer = await httpGet(hook.httpGet, target, signal);
      if (answer.status >= 400) return `HTTP lifecycle hook failed with statuscode: ${answer.status}`;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Runs a command in the container; `output` is what it printed, at most 10 KiB. */
export async function runCommand(
  command: string[],
  target: HandlerTarget,
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  const stream = new PassThrough();
  let output = '';
  stream.on('data', (chunk: Buffer) => {
    if (output.length < 10_240) output += chunk.toString();
  });
  const result = await target.running.exec({
    command,
    tty: false,
    streams: { stdout: stream, stderr: stream },
    signal,
  });
  stream.end();
  await new Promise((resolve) => stream.once('end', resolve));
  return { exitCode: result.exitCode, output: result.message ?? output };
}

/** The number of a port given by number or by name; undefined for a name that the container does not have. */
export function portOf(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find((each) => each.name === port)?.containerPort;
}

export async function httpGet(
  action: HTTPGetAction,
  target: HandlerTarget,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const port = portOf(action.port, target.container);
  if (port === undefined) throw new Error(`couldn't find port: ${action.port}`);
  const host = action.host || target.podIp;
  const connection = await target.node.network.dial(host, port, target.node.ip);
  const headers: Record<string, string> = {
    host: `${host}:${port}`,
    'user-agent': 'kube-probe/1.36',
    accept: '*/*',
  };
  for (const header of action.httpHeaders ?? []) headers[header.name.toLowerCase()] = header.value;
  return fetchOver(connection, { method: 'GET', path: action.path ?? '/', headers }, signal);
}
