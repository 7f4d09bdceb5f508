import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api-error.js';

/** Source: the default of MaxRequestBodyBytes in k8s.io/apiserver. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

const tooLarge = () =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);

/** The whole body. Rejects with 413 as soon as it is known to be too large, and reads no further. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new ApiError(400, 'BadRequest', 'the request body was cut off'));
    });
  });
}
