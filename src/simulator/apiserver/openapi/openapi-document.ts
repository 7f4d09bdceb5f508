import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

/** A finished document. Only its compressed form is kept, at a tenth of the size; nearly all clients ask for that. */
export class OpenApiDocument {
  /** Upper-case hex SHA-512 of the document, as the index of `/openapi/v3` shows it. */
  readonly hash: string;
  readonly gzip: Buffer;

  constructor(
    readonly contentType: string,
    content: string | Buffer,
  ) {
    this.hash = createHash('sha512').update(content).digest('hex').toUpperCase();
    this.gzip = gzipSync(content, { level: 6 });
  }

  get body(): Buffer {
    return gunzipSync(this.gzip);
  }

  get etag(): string {
    return `"${this.hash}"`;
  }
}
