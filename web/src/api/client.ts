import type { Grade, Lab, Me, Problem, Scenario, ScenarioSummary } from './types';

/** What the service refused; `message` is fit to show. */
export class ApiProblem extends Error {
  constructor(readonly problem: Problem) {
    const fields = problem.errors?.map(({ path, message }) => `${path}: ${message}`).join('; ');
    super([problem.detail ?? problem.title, fields].filter(Boolean).join(' — '));
  }
}

async function call<T>(method: string, path: string, body?: unknown, headers: HeadersInit = {}): Promise<T> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.status === 204) return undefined as T;
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer as T;
  throw new ApiProblem(
    answer ?? { status: response.status, code: 'internal', title: `The service answered ${response.status}` },
  );
}

export const api = {
  signIn: (body: { code: string } | { token: string }) => call<Me>('POST', '/sessions', body),
  signOut: () => call<void>('DELETE', '/sessions/current'),
  me: () => call<Me>('GET', '/me'),
  scenarios: () => call<{ items: ScenarioSummary[] }>('GET', '/scenarios'),
  scenario: (id: string) => call<Scenario>('GET', `/scenarios/${encodeURIComponent(id)}`),
  labs: () => call<{ items: Lab[] }>('GET', '/labs'),
  lab: (id: string) => call<Lab>('GET', `/labs/${id}`),
  /** `key` makes a repeated click or a retried request start one lab, not two. */
  startLab: (scenario: string, key: string) =>
    call<Lab>('POST', '/labs', { scenario }, { 'idempotency-key': key }),
  grade: (id: string) => call<Grade>('POST', `/labs/${id}/grade`, {}),
  extend: (id: string) => call<Lab>('POST', `/labs/${id}/extend`, {}),
  end: (id: string) => call<void>('DELETE', `/labs/${id}`),
};

/** Calls `onChange` whenever something about the lab changed; the browser reconnects by itself. Returns what stops it. */
export function watchLab(id: string, onChange: () => void): () => void {
  const source = new EventSource(`/api/v1/labs/${id}/events`);
  for (const type of ['state', 'phase', 'grade', 'extended', 'message'])
    source.addEventListener(type, onChange);
  source.onopen = onChange;
  return () => source.close();
}
