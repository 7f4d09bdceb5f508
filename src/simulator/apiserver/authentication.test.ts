import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../cluster.js';
import { startCluster } from '../start-cluster.js';

const WHO = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const QUESTION = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

describe('a front proxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-proxy-'));
  const socketPath = join(folder, 'proxy.sock');
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ name: 'proxied', onlyControlPlane: true });
    await cluster.listen({ socketPath, frontProxy: true });
  });

  afterAll(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(headers: Record<string, string | string[]>): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          socketPath,
          path: WHO,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
        },
        (answer) => {
          let text = '';
          answer.on('data', (part) => {
            text += part;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        },
      );
      asked.on('error', reject);
      asked.end(JSON.stringify(QUESTION));
    });
  }

  it('is believed who is asking', async () => {
    const { status, text } = await ask({
      'x-remote-user': 'ada',
      'x-remote-group': ['crew', 'system:masters'],
    });
    expect(status).toBe(201);
    expect(JSON.parse(text).status.userInfo).toMatchObject({
      username: 'ada',
      groups: ['crew', 'system:masters', 'system:authenticated'],
    });
  });

  it('has to say it', async () => {
    expect((await ask({})).status).toBe(401);
  });

  it('listens where only its own user can connect', () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  it('is not believed elsewhere', async () => {
    const address = await cluster.listen({ host: '127.0.0.1', port: 0 });
    if (!('port' in address)) throw new Error('not a TCP address');
    const { Agent, request: requestHttps } = await import('node:https');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = requestHttps(
        {
          ...address,
          path: '/api/v1/namespaces',
          agent: new Agent({ rejectUnauthorized: false }),
          headers: { 'x-remote-user': 'ada', 'x-remote-group': 'system:masters' },
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      asked.on('error', reject);
      asked.end();
    });
    expect(status).toBe(403);
  });
});
