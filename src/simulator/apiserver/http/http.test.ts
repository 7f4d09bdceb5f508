import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../testing/test-server.js';

let server: Awaited<ReturnType<typeof startTestServer>>;
const MAPS = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const configMap = (name: string, fields: object = {}) => ({
  metadata: { name },
  data: { a: '1' },
  ...fields,
});
const create = (name: string, fields?: object) =>
  server.call(MAPS, { method: 'POST', body: configMap(name, fields) });

/** The next `count` events of a watch. */
async function events(response: IncomingMessage, count: number) {
  const found: {
    type: string;
    object: { metadata: { name?: string; resourceVersion: string; annotations?: object } };
  }[] = [];
  for await (const line of createInterface({ input: response })) {
    found.push(JSON.parse(line));
    if (found.length === count) break;
  }
  response.destroy();
  return found;
}

describe('watching', () => {
  it('goes on from a revision, and misses nothing', async () => {
    const { body } = await create('w1');
    const from = body.metadata.resourceVersion;
    await server.call(`${MAPS}/w1`, { method: 'DELETE' });
    const response = await server.open(`${MAPS}?watch=1&resourceVersion=${from}`);
    await create('w2');
    const seen = await events(response, 2);
    expect(seen.map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['DELETED', 'w1'],
      ['ADDED', 'w2'],
    ]);
  });

  it('shows what comes into a selection and what leaves it', async () => {
    const from = server.store.revision;
    await create('labelled');
    const label = (value: string) =>
      server.call(`${MAPS}/labelled`, {
        method: 'PATCH',
        body: { metadata: { labels: { app: value } } },
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    await label('x');
    await label('y');
    const response = await server.open(`${MAPS}?watch=true&labelSelector=app%3Dx&resourceVersion=${from}`);
    expect((await events(response, 2)).map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
  });

  it('closes the initial events with a bookmark', async () => {
    const path =
      '/api/v1/namespaces?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const seen = await events(await server.open(path), server.store.count('namespaces') + 1);
    expect(seen.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
  });

  it('says so when the revision is gone', async () => {
    for (let index = 0; index < 520; index++) {
      await server.client.mergePatch('namespaces', undefined, 'default', {
        metadata: { labels: { n: String(index) } },
      });
    }
    const [event] = await events(await server.open('/api/v1/namespaces?watch=1&resourceVersion=1'), 1);
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });
});

describe('listing', () => {
  it('gives pages that together are the whole', async () => {
    for (const name of ['l1', 'l2', 'l3', 'l4', 'l5'])
      await create(name, { metadata: { name, labels: { set: 'l' } } });
    const names: string[] = [];
    let token = '';
    do {
      const { body } = await server.call(`${MAPS}?limit=2&labelSelector=set=l&continue=${token}`);
      names.push(...body.items.map((item: { metadata: { name: string } }) => item.metadata.name));
      token = body.metadata.continue ?? '';
    } while (token !== '');
    expect(names).toEqual(['l1', 'l2', 'l3', 'l4', 'l5']);
  });

  it('compresses what is large for those who can read it', async () => {
    for (let index = 0; index < 3; index++)
      await create(`large${index}`, { data: { a: 'x'.repeat(60_000) } });
    const response = await server.open(MAPS, { headers: { 'accept-encoding': 'gzip' } });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()).kind).toBe('ConfigMapList');
  });

  it.each([
    ['fieldSelector=spec.nosuch%3D1', 400, 'field label not supported: spec.nosuch'],
    ['continue=nonsense', 400, 'continue key is not valid: illegal base64 or unknown version'],
    ['resourceVersion=99999999', 504, expect.stringContaining('Too large resource version: 99999999')],
  ])('refuses %s', async (query, code, message) => {
    expect((await server.call(`${MAPS}?${query}`)).body).toMatchObject({ code, message });
  });

  it('prints tables', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { body } = await server.call('/api/v1/namespaces', { headers: { accept } });
    expect(body.kind).toBe('Table');
    expect(body.rows[0].cells.slice(0, 2)).toEqual(['default', 'Active']);
  });
});

describe('writing', () => {
  const unknown = { ...configMap('strict'), dada: {} };

  it('takes unknown fields as strictly as it is told', async () => {
    const strict = await server.call(`${MAPS}?fieldValidation=Strict`, { method: 'POST', body: unknown });
    expect(strict.body).toMatchObject({
      code: 400,
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dada"',
    });
    const warn = await server.call(MAPS, { method: 'POST', body: unknown });
    expect(warn.status).toBe(201);
    expect(warn.headers['warning']).toBe('299 - "unknown field \\"dada\\""');
  });

  it.each(['json', 'merge', 'strategic-merge'])('takes a %s patch', async (type) => {
    await create(`patched-${type}`);
    const body = type === 'json' ? [{ op: 'replace', path: '/data/a', value: '2' }] : { data: { a: '2' } };
    const answer = await server.call(`${MAPS}/patched-${type}`, {
      method: 'PATCH',
      body,
      headers: { 'content-type': `application/${type}-patch+json` },
    });
    expect(answer.body.data).toEqual({ a: '2' });
  });

  it('applies, keeps owners, and refuses conflicts', async () => {
    const apply = (manager: string, value: string, force = false) =>
      server.call(`${MAPS}/applied?fieldManager=${manager}&force=${force}`, {
        method: 'PATCH',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { a: value } },
        headers: { 'content-type': 'application/apply-patch+yaml' },
      });
    expect((await apply('one', '1')).status).toBe(201);
    expect((await apply('two', '2')).body).toMatchObject({ code: 409, reason: 'Conflict' });
    expect((await apply('two', '2', true)).body.data).toEqual({ a: '2' });
  });
});

describe('answers', () => {
  const bodyOf = async (path: string, agent: string) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await server.open(path, { headers: { 'user-agent': agent } }))
      chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

  it('are indented for people, and for whoever asks', async () => {
    const path = '/api/v1/namespaces/default';
    expect(await bodyOf(path, 'curl/8.5.0')).toMatch(/^{\n {2}"/);
    expect(await bodyOf(`${path}?pretty=true`, 'kubectl/v1.35.2')).toMatch(/^{\n {2}"/);
    expect(await bodyOf(`${path}?pretty=false`, 'curl/8.5.0')).toMatch(/^{"/);
    expect(await bodyOf(path, 'kubectl/v1.35.2')).toMatch(/^{"/);
  });
});

describe('access', () => {
  const robot = { user: 'system:serviceaccount:default:robot', groups: ['system:serviceaccounts'] };

  it('refuses in the words that kubectl prints', async () => {
    const { body } = await server.call('/api/v1/namespaces/default/secrets', { as: robot });
    expect(body).toMatchObject({
      code: 403,
      message:
        'secrets is forbidden: User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group "" in the namespace "default"',
    });
  });

  it('follows roles as soon as they are bound', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }];
    await server.call(`${rbac}/roles`, { method: 'POST', body: { metadata: { name: 'reader' }, rules } });
    await server.call(`${rbac}/rolebindings`, {
      method: 'POST',
      body: {
        metadata: { name: 'reads' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
      },
    });
    expect((await server.call('/api/v1/namespaces/default/secrets', { as: robot })).status).toBe(200);
    expect((await server.call('/api/v1/namespaces/kube-system/secrets', { as: robot })).status).toBe(403);
  });

  it('knows tokens of service accounts while these exist', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await server.call(accounts, { method: 'POST', body: { metadata: { name: 'robot' } } });
    const { body } = await server.call(`${accounts}/robot/token`, { method: 'POST', body: { spec: {} } });
    const sent = { as: 'anonymous', headers: { authorization: `Bearer ${body.status.token}` } } as const;
    expect((await server.call('/api/v1/namespaces/default/secrets', sent)).status).toBe(200);
    await server.call(`${accounts}/robot`, { method: 'DELETE' });
    expect((await server.call('/api/v1/namespaces/default/secrets', sent)).status).toBe(401);
  });

  it('lets anonymous users see only what is public', async () => {
    expect((await server.call('/healthz', { as: 'anonymous' })).status).toBe(200);
    expect((await server.call('/api/v1/pods', { as: 'anonymous' })).status).toBe(403);
  });

  it('acts as somebody else when asked to', async () => {
    const headers = { 'impersonate-user': robot.user };
    const { body } = await server.call('/api/v1/namespaces/default/pods', { headers });
    expect(body.message).toContain('User "system:serviceaccount:default:robot" cannot list');
  });
});

describe('what no client should send', () => {
  it.each<[string, { method?: string; body?: unknown; headers?: Record<string, string> }, number]>([
    ['/api/v1/nosuch', {}, 404],
    ['/apis/nosuch.example/v1/things', {}, 404],
    ['/%zz', {}, 400],
    [MAPS, { method: 'PUT', body: {} }, 405],
    [MAPS, { method: 'POST', body: '{' }, 400],
    [MAPS, { method: 'POST', body: '[]' }, 400],
    [MAPS, { method: 'POST', body: 'null' }, 400],
    [MAPS, { method: 'POST', body: '{"metadata":[]}' }, 400],
    [MAPS, { method: 'POST', body: '{"metadata":{"name":7}}' }, 400],
    [MAPS, { method: 'POST', body: '{"kind":"Secret","metadata":{"name":"x"}}' }, 400],
    [MAPS, { method: 'POST', body: '{}', headers: { 'content-type': 'text/html' } }, 415],
    [
      MAPS,
      {
        method: 'POST',
        body: 'k8s\0\xff\xff',
        headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      },
      400,
    ],
    [MAPS, { headers: { accept: 'application/vnd.kubernetes.protobuf' } }, 406],
    [`${MAPS}?limit=x`, {}, 400],
    [`${MAPS}?watch=1&resourceVersion=x`, {}, 422],
    [
      `${MAPS}/a`,
      { method: 'PATCH', body: '{"a":', headers: { 'content-type': 'application/merge-patch+json' } },
      400,
    ],
    [`${MAPS}/a`, { method: 'PATCH', body: '{}', headers: { 'content-type': 'application/json' } }, 415],
    [`${MAPS}/a`, { method: 'DELETE', body: '{"propagationPolicy":"Sideways"}' }, 422],
    [MAPS, { headers: { authorization: 'Bearer nonsense' } }, 200],
  ])('%s %o is answered with its error', async (path, sent, status) => {
    const answer = await server.call(path, sent);
    expect(answer.status).toBe(status);
  });

  it('refuses bodies of more than 3 MiB', async () => {
    const { body } = await create('huge', { data: { a: 'x'.repeat(3 * 1024 * 1024) } });
    expect(body).toMatchObject({ code: 413, reason: 'RequestEntityTooLarge' });
  });
});
