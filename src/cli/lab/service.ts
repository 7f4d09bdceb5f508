import { z } from 'zod';
import { UsageError } from '../failure.js';

/** The command line is a client of the service like any other: these two are its own settings, not the service's. */
const settingsSchema = z.object({
  SEATRIAL_URL: z
    .url({
      protocol: /^https?$/,
      error: 'must be the address of a service, such as https://labs.example.org',
    })
    .default('http://127.0.0.1:3000'),
  SEATRIAL_TOKEN: z.string({ error: 'must be set to an API token of the service' }).min(1, 'is empty'),
});

const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const REQUEST_TIMEOUT_MS = 60_000;

/** The HTTP API of a running service, as SEATRIAL_URL and SEATRIAL_TOKEN name it. */
export class Service {
  private constructor(
    readonly url: URL,
    private readonly token: string,
  ) {}

  /** Throws UsageError when a variable is missing or wrong. */
  static fromEnvironment(): Service {
    const parsed = settingsSchema.safeParse(process.env);
    if (!parsed.success) {
      const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
      throw new UsageError(wrong.join('; '));
    }
    return new Service(new URL(parsed.data.SEATRIAL_URL), parsed.data.SEATRIAL_TOKEN);
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }

  /** `path` below /api/v1, with the service's own prefix if it has one. */
  address(path: string): URL {
    return new URL(`${this.url.pathname.replace(/\/$/, '')}/api/v1${path}`, this.url);
  }

  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.call('GET', path, schema);
  }

  post<T>(path: string, schema: z.ZodType<T>, body: unknown = {}, headers = {}): Promise<T> {
    return this.call('POST', path, schema, body, headers);
  }

  async delete(path: string): Promise<void> {
    await this.send('DELETE', path);
  }

  /** The names of server-sent events as they come, until the service or `signal` ends the stream. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await fetch(this.address(path), {
      headers: { ...this.headers, accept: 'text/event-stream' },
      signal,
    });
    if (!response.ok) throw await problemOf(response);
    if (!response.body) return;
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const name = /^event: ?(.*)$/m.exec(block)?.[1];
        if (name !== undefined || /^data:/m.test(block)) yield name ?? 'message';
      }
    }
  }

  private async call<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T> {
    const response = await this.send(method, path, body, headers);
    const parsed = schema.safeParse(await response.json());
    if (!parsed.success)
      throw new Error('the service answered in a way this command does not understand', {
        cause: parsed.error,
      });
    return parsed.data;
  }

  private async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const response = await fetch(this.address(path), {
      method,
      headers: {
        ...this.headers,
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new Error(`${this.url.origin} does not answer`, { cause: error });
    });
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

/** A problem+json answer as one sentence, wrong fields included. */
async function problemOf(response: Response): Promise<Error> {
  const parsed = problemSchema.safeParse(await response.json().catch(() => ({})));
  const { title, detail, code, errors = [] } = parsed.success ? parsed.data : {};
  const fields = errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  const text = [detail ?? title ?? response.statusText, fields].filter(Boolean).join(' – ');
  return new Error(`${text} (${code ?? response.status})`);
}
