import { adminToken, type RunningService } from './run-service.js';

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** One call of `/api/v1`; never throws on an error status. */
export async function call<T = Record<string, unknown>>(
  service: Pick<RunningService, 'url'>,
  method: string,
  path: string,
  options: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${options.token ?? adminToken}`,
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : undefined) as T,
  };
}
