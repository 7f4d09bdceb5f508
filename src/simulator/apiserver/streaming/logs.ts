import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Pod } from '../../api/core-v1.generated.js';
import type { LogOptions, NodeAgent } from '../../kubelet/node-agent.js';
import { badRequest, invalid, type StatusCause } from '../api-error.js';
import { chooseContainer } from './choose-container.js';
import { isSet } from './query.js';

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
}

function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw badRequest(`parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse "${text}" as "2006"`);
}

const wrong = (field: string, value: number, rule: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${value}: ${rule}`,
});

/** Query parameters of pods/log; throws a 400 or 422 `ApiError`. `nowMs` is what `sinceSeconds` counts from. */
export function parseLogOptions(pod: Pod, query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = readInteger(query, 'tailLines');
  const limitBytes = readInteger(query, 'limitBytes');
  const sinceSeconds = readInteger(query, 'sinceSeconds');
  const sinceTime = readTime(query, 'sinceTime');
  const causes: StatusCause[] = [];
  if (tailLines !== undefined && tailLines < 0)
    causes.push(wrong('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    causes.push(wrong('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    causes.push({
      reason: 'FieldValueForbidden',
      field: '',
      message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    });
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    causes.push(wrong('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (causes.length > 0) throw invalid('PodLogOptions', '', pod.metadata.name, causes);
  const since = sinceSeconds === undefined ? sinceTime : nowMs - sinceSeconds * 1000;
  return {
    container: chooseContainer(pod, query.get('container')),
    follow: isSet(query, 'follow'),
    previous: isSet(query, 'previous'),
    timestamps: isSet(query, 'timestamps'),
    ...(since !== undefined && { sinceTime: since }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
  };
}

/**
 * Answers GET of pods/log: the lines as they are, as plain text. Rejects with `ApiError` before anything was written;
 * afterwards resolves when the log or the client has ended.
 */
export async function streamLogs(
  agent: NodeAgent | undefined,
  pod: Pod,
  query: URLSearchParams,
  response: ServerResponse,
  nowMs: number,
): Promise<void> {
  const options = parseLogOptions(pod, query, nowMs);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  // A pod that no node runs yet has an empty log.
  const lines =
    agent && pod.spec.nodeName ? await agent.logs(pod.metadata.uid, options, gone.signal) : undefined;
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  if (!lines) {
    response.end();
    return;
  }
  // A client that stops reading early is an everyday end of `kubectl logs -f`.
  await pipeline(lines, response).catch(() => response.destroy());
}
