import { Writable } from 'node:stream';

/** Takes what a client did not ask for. */
export function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, callback) => callback() });
}
