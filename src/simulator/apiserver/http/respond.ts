import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { stringify } from 'yaml';
import { DecodeError } from '../../schema/decode-error.js';
import { ApiError, badRequest } from '../api-error.js';
import type { Format } from './negotiate.js';

const compress = promisify(gzip);
/** Smaller answers are sent as they are. Source: defaultGzipThresholdBytes of k8s.io/apiserver. */
const GZIP_THRESHOLD_BYTES = 128 * 1024;

/** One request and what its answer still needs. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Texts of `Warning` headers. */
  warnings: string[];
}

/** Sends a JSON text, as YAML when the client wants that. */
export async function sendText(
  exchange: Exchange,
  code: number,
  json: string,
  media: Format['media'] = 'json',
): Promise<void> {
  const text = media === 'yaml' ? stringify(JSON.parse(json)) : json;
  const type = media === 'yaml' ? 'application/yaml' : 'application/json';
  await sendBytes(exchange, code, type, text);
}

/** Sends a whole body, compressed when it is large and the client takes that. */
export async function sendBytes(
  { request, response, warnings }: Exchange,
  code: number,
  contentType: string,
  body: string | Uint8Array,
  { gzip: compressed, cacheControl = 'no-cache, private' }: { gzip?: Buffer; cacheControl?: string } = {},
): Promise<void> {
  const headers: Record<string, string | number | string[]> = {
    'Content-Type': contentType,
    'Cache-Control': cacheControl,
  };
  if (warnings.length > 0) headers['Warning'] = warnings.map((text) => `299 - ${quote(text)}`);
  const indented = contentType === 'application/json' && wantsIndented(request);
  const content = indented ? indent(String(body)) : body;
  let bytes = typeof content === 'string' ? Buffer.from(content) : content;
  if (
    bytes.length > GZIP_THRESHOLD_BYTES &&
    /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  ) {
    bytes = (!indented && compressed) || (await compress(bytes, { level: 1 }));
    headers['Content-Encoding'] = 'gzip';
    headers['Vary'] = 'Accept-Encoding';
  }
  if (response.destroyed || response.headersSent) return;
  headers['Content-Length'] = bytes.length;
  response.writeHead(code, headers);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Whether a person reads the answer: by the query, else by the client; as `isPrettyPrint` of k8s.io/apiserver has it. */
function wantsIndented({ url = '', headers }: IncomingMessage): boolean {
  const asked = /[?&]pretty(?:=([^&]*))?(?:&|$)/.exec(url);
  if (asked) return !['0', 'false'].includes((asked[1] ?? '').toLowerCase());
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
}

const indent = (json: string) => JSON.stringify(JSON.parse(json), null, 2);

/** Any failure as a Status. What is not an `ApiError` is a defect of ours and says nothing about itself. */
export async function sendError(exchange: Exchange, error: unknown): Promise<void> {
  const known = toApiError(error);
  const { response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const retryAfter = known.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  await sendText(exchange, known.code, JSON.stringify(known.toStatus()));
}

/** Decoders know nothing of HTTP: what they refuse is the client's mistake. */
function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return error instanceof DecodeError ? badRequest(error.message) : internalError(error);
}

function internalError(error: unknown): ApiError {
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ reason: '', message, field: '' }],
  });
}

/** A quoted string of a header: what HTTP cannot carry there is left out. */
function quote(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '');
  return `"${printable.replace(/[\\"]/g, '\\$&')}"`;
}
