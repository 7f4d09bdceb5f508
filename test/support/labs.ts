import { call } from './api.js';
import { adminToken, type RunningService } from './run-service.js';
import { waitUntil } from './wait-until.js';

type Service = Pick<RunningService, 'url'>;

/** Starts a lab and waits until it is ready; resolves with its id. */
export async function startReadyLab(
  service: Service,
  token = adminToken,
  scenario = 'expose-a-deployment',
): Promise<string> {
  const { status, body } = await call<{ id: string }>(service, 'POST', '/labs', {
    token,
    body: { scenario },
  });
  if (status !== 202) throw new Error(`the lab was refused: ${JSON.stringify(body)}`);
  await untilReady(service, body.id, token);
  return body.id;
}

export async function untilReady(service: Service, id: string, token = adminToken): Promise<void> {
  await waitUntil(`lab ${id} to be ready`, 60_000, async () => {
    const { body } = await call<{ state: string; reason?: string }>(service, 'GET', `/labs/${id}`, { token });
    if (body.state === 'failed') throw new Error(body.reason);
    return body.state === 'ready';
  });
}

/** Makes a learner; resolves with a token of theirs. */
export async function addLearner(service: Service, name: string): Promise<string> {
  return (await call<{ token: string }>(service, 'POST', '/users', { body: { name } })).body.token;
}

/** The address of a lab's cluster, with the key in it, as its kubeconfig has it. */
export async function clusterAddress(service: Service, id: string, token = adminToken): Promise<string> {
  const answer = await fetch(`${service.url}/api/v1/labs/${id}/kubeconfig`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const server = /server: (\S+)/.exec(await answer.text())?.[1];
  if (!server) throw new Error('the kubeconfig names no server');
  return server;
}
