import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../common/domain-error.js';
import type { ClusterHttp, ClusterRequest, ClusterResponse } from '../../grader/cluster-http.js';
import { type Discovery, objectPath } from '../../grader/discovery.js';
import type { Manifest } from '../scenario.js';

/** A young cluster refuses some objects for a moment: no service account yet, a kind not served yet. */
const RETRY_FOR_MS = 20_000;
const RETRY_EVERY_MS = 100;

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Creates the object, or merges it into the one that is there, and leaves it as `kubectl apply` would: with the
 * annotation of what was applied, so that a learner's own `kubectl apply` takes over without a warning. Safe to run twice.
 * Rejects with `provision-failed`.
 */
export async function applyManifest(
  manifest: Manifest,
  cluster: { http: ClusterHttp; discovery: Discovery },
  signal: AbortSignal,
): Promise<void> {
  const giveUpAtMs = performance.now() + RETRY_FOR_MS;
  for (;;) {
    const refusal = await tryToApply(manifest, cluster);
    if (refusal === undefined) return;
    if (!refusal.mayPass || performance.now() > giveUpAtMs)
      throw new DomainError(
        'provision-failed',
        `${manifest.kind} ${manifest.metadata.name} could not be applied: ${refusal.why}`,
      );
    await sleep(RETRY_EVERY_MS, undefined, { signal });
  }
}

interface Refusal {
  why: string;
  mayPass: boolean;
}

async function tryToApply(
  manifest: Manifest,
  { http, discovery }: { http: ClusterHttp; discovery: Discovery },
): Promise<Refusal | undefined> {
  const kind = await discovery.find(manifest.apiVersion, manifest.kind);
  if (!kind) return { why: `the cluster serves no such kind in ${manifest.apiVersion}`, mayPass: true };
  const { name, namespace } = manifest.metadata;
  const body = withLastApplied(manifest);
  const query = '?fieldManager=kubectl-client-side-apply';
  const create: ClusterRequest = { method: 'POST', path: objectPath(kind, namespace) + query, body };
  const merge: ClusterRequest = {
    method: 'PATCH',
    path: objectPath(kind, namespace, name) + query,
    body,
    contentType: 'application/merge-patch+json',
  };
  const created = await http.request(create);
  return refusalOf(created.status === 409 ? await http.request(merge) : created);
}

function refusalOf({ status, body }: ClusterResponse): Refusal | undefined {
  if (status >= 200 && status < 300) return undefined;
  const message = typeof body === 'object' && body !== null ? String(Reflect.get(body, 'message')) : '';
  const accountMissing = status === 403 && message.includes('serviceaccount');
  const namespaceMissing = status === 404;
  return {
    why: `${status} ${message}`.trim(),
    mayPass: accountMissing || namespaceMissing || status === 409 || status === 429 || status >= 500,
  };
}

function withLastApplied(manifest: Manifest): Manifest {
  const { metadata } = manifest;
  const annotations = metadata['annotations'] ?? {};
  const applied = { ...manifest, metadata: { ...metadata, annotations } };
  return {
    ...manifest,
    metadata: {
      ...metadata,
      annotations: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(sortKeys(applied))}\n` },
    },
  };
}

/** kubectl writes the annotation with the keys in alphabetical order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sortKeys(field)]));
}
