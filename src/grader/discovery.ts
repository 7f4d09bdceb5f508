import { z } from 'zod';
import type { ClusterHttp } from './cluster-http.js';
import { ClusterReadError } from './cluster-read-error.js';

const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** How a kind is reached: `deployments` under `/apis/apps/v1`, in namespaces. */
export interface DiscoveredKind {
  plural: string;
  namespaced: boolean;
  /** `/api/v1` or `/apis/apps/v1`. */
  root: string;
}

type KindsByName = Map<string, DiscoveredKind>;

/** A kind not found is asked for again after this time: a CustomResourceDefinition may have come. */
const RELOAD_AFTER_MS = 2000;

/** The cluster's own discovery (https://kubernetes.io/docs/concepts/overview/kubernetes-api/), asked once an API version. */
export class Discovery {
  private readonly versions = new Map<string, { loadedAtMs: number; kinds: Promise<KindsByName> }>();

  constructor(private readonly http: ClusterHttp) {}

  /** Undefined when the cluster serves no such kind. Rejects when it cannot be asked. */
  async find(apiVersion: string, kind: string): Promise<DiscoveredKind | undefined> {
    const known = this.versions.get(apiVersion);
    const found = (await known?.kinds)?.get(kind);
    if (found || (known && performance.now() - known.loadedAtMs < RELOAD_AFTER_MS)) return found;
    const kinds = this.load(apiVersion);
    this.versions.set(apiVersion, { loadedAtMs: performance.now(), kinds });
    kinds.catch(() => this.versions.delete(apiVersion));
    return (await kinds).get(kind);
  }

  private async load(apiVersion: string): Promise<KindsByName> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { status, body } = await this.http.request({ method: 'GET', path: root });
    if (status === 404) return new Map();
    const parsed = resourceList.safeParse(body);
    if (status !== 200 || !parsed.success)
      throw new ClusterReadError(`the cluster answered ${status} when asked which kinds ${apiVersion} has`);
    const kinds = parsed.data.resources.filter((resource) => !resource.name.includes('/'));
    return new Map(
      kinds.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced, root }] as const),
    );
  }
}

/** The path of all objects of a kind in a namespace (`default` when absent, `*` for all), or of one by its name. */
export function objectPath(kind: DiscoveredKind, namespace = 'default', name?: string): string {
  const inNamespace =
    kind.namespaced && namespace !== '*' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${kind.root}${inNamespace}/${kind.plural}${one}`;
}
