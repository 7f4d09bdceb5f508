import type {
  ConfigMap,
  Container,
  PersistentVolumeClaim,
  Pod,
  ProjectedVolumeSource,
  Secret,
  Volume,
} from '../api/core-v1.generated.js';
import { type DirectoryNode, directory, file } from '../containers/file-tree.js';
import type { ContainerMount } from '../containers/runtime.js';
import { type EnvironmentSources, expand, readField, readResource } from './environment.js';
import type { NodeContext } from './node-context.js';

/** A volume cannot be set up yet; the message is that of the FailedMount event. */
export class MountError extends Error {
  override name = 'MountError';
}

type Files = Map<string, { content: string | Uint8Array; mode: number | undefined }>;

/** The volumes of one pod: made when the pod starts, refreshed when what they show changes, shared by its containers. */
export class PodVolumes {
  private readonly nodes = new Map<string, DirectoryNode>();

  constructor(private readonly node: NodeContext) {}

  /** Makes every volume; throws MountError when one of them is not to be had yet. */
  async setUp(sources: EnvironmentSources): Promise<void> {
    for (const volume of sources.pod.spec?.volumes ?? []) {
      if (this.nodes.has(volume.name)) continue;
      this.nodes.set(volume.name, await this.create(volume, sources));
    }
  }

  /** Brings files that show ConfigMaps, Secrets or fields of the pod up to date; what is gone keeps its last content. */
  refresh(sources: EnvironmentSources): void {
    for (const volume of sources.pod.spec?.volumes ?? []) {
      const node = this.nodes.get(volume.name);
      if (!node || !isGenerated(volume)) continue;
      try {
        fill(node, this.render(volume, sources), this.node.clock.now(), true);
      } catch (error) {
        if (!(error instanceof MountError)) throw error;
      }
    }
  }

  /** The mounts of one container, the shallow ones first. */
  mountsOf(container: Container, env: Record<string, string>): ContainerMount[] {
    const mounts: ContainerMount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = this.nodes.get(mount.name);
      if (!volume) continue;
      const subPath = mount.subPathExpr ? expand(mount.subPathExpr, (name) => env[name]) : mount.subPath;
      const node = subPath ? descend(volume, subPath, this.node.clock.now()) : volume;
      mounts.push({ path: mount.mountPath, node, readOnly: mount.readOnly ?? false });
    }
    return mounts.sort((left, right) => left.path.length - right.path.length);
  }

  private async create(volume: Volume, sources: EnvironmentSources): Promise<DirectoryNode> {
    const now = this.node.clock.now();
    if (volume.persistentVolumeClaim)
      return this.openClaim(volume.persistentVolumeClaim.claimName, sources.pod);
    if (volume.ephemeral) return this.openClaim(`${sources.pod.metadata.name}-${volume.name}`, sources.pod);
    if (volume.hostPath) {
      const found = descend(this.node.hostFiles, volume.hostPath.path, now);
      if (found.kind !== 'directory')
        throw new MountError(`hostPath type check failed: ${volume.hostPath.path} is not a directory`);
      return found;
    }
    const created = directory(now, 0o777);
    if (isGenerated(volume)) fill(created, this.render(volume, sources), now, false);
    const token = volume.projected?.sources?.find(
      (source) => source.serviceAccountToken,
    )?.serviceAccountToken;
    if (token) await this.addToken(created, token, sources.pod);
    return created;
  }

  private openClaim(claimName: string, pod: Pod): DirectoryNode {
    const claim = this.node.client.get<PersistentVolumeClaim>(
      'persistentvolumeclaims',
      pod.metadata.namespace,
      claimName,
    );
    if (!claim) throw new MountError(`persistentvolumeclaim "${claimName}" not found`);
    if (claim.status?.phase !== 'Bound' || !claim.spec?.volumeName) throw new MountError(`PVC is not bound`);
    return this.node.persistentFiles.open(claim.spec.volumeName);
  }

  private async addToken(
    target: DirectoryNode,
    request: { path: string; audience?: string | undefined; expirationSeconds?: number | undefined },
    pod: Pod,
  ): Promise<void> {
    const account = pod.spec?.serviceAccountName ?? 'default';
    const answer = (await this.node.client
      .createSubresource('serviceaccounts', pod.metadata.namespace, account, 'token', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: request.audience ? [request.audience] : [],
          expirationSeconds: request.expirationSeconds ?? 3600,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
        },
      })
      .catch((error: Error) => {
        throw new MountError(`failed to fetch token: ${error.message}`);
      })) as { status?: { token?: string } };
    const files: Files = new Map([[request.path, { content: answer.status?.token ?? '', mode: 0o644 }]]);
    fill(target, files, this.node.clock.now(), false);
  }

  private render(volume: Volume, sources: EnvironmentSources): Files {
    if (volume.projected) return this.renderProjected(volume.projected, sources);
    const { configMap, secret, downwardAPI } = volume;
    const projected: ProjectedVolumeSource = {
      sources: [
        ...(configMap
          ? [{ configMap: { name: configMap.name, items: configMap.items, optional: configMap.optional } }]
          : []),
        ...(secret
          ? [{ secret: { name: secret.secretName, items: secret.items, optional: secret.optional } }]
          : []),
        ...(downwardAPI ? [{ downwardAPI: { items: downwardAPI.items } }] : []),
      ],
    };
    return this.renderProjected(
      { ...projected, defaultMode: (configMap ?? secret ?? downwardAPI)?.defaultMode },
      sources,
    );
  }

  private renderProjected(volume: ProjectedVolumeSource, sources: EnvironmentSources): Files {
    const { pod } = sources;
    const files: Files = new Map();
    const add = (path: string, content: string | Uint8Array, mode: number | undefined) =>
      files.set(path, { content, mode: mode ?? volume.defaultMode });
    for (const source of volume.sources ?? []) {
      if (source.configMap) {
        const { name = '', items, optional } = source.configMap;
        const map = this.node.client.get<ConfigMap>('configmaps', pod.metadata.namespace, name);
        if (!map && !optional) throw new MountError(`configmap "${name}" not found`);
        const binary = Object.entries(map?.binaryData ?? {}).map(([key, value]) => [
          key,
          Buffer.from(value, 'base64'),
        ]);
        select({ ...map?.data, ...Object.fromEntries(binary) }, items, optional, add);
      }
      if (source.secret) {
        const { name = '', items, optional } = source.secret;
        const secret = this.node.client.get<Secret>('secrets', pod.metadata.namespace, name);
        if (!secret && !optional) throw new MountError(`secret "${name}" not found`);
        const values = Object.entries(secret?.data ?? {}).map(([key, value]) => [
          key,
          Buffer.from(value, 'base64'),
        ]);
        select(Object.fromEntries(values), items, optional, add);
      }
      for (const item of source.downwardAPI?.items ?? []) {
        if (item.fieldRef) add(item.path, readField(item.fieldRef, sources), item.mode);
        else if (item.resourceFieldRef)
          add(item.path, readResource(item.resourceFieldRef, pod, undefined, this.node), item.mode);
      }
    }
    return files;
  }
}

const isGenerated = (volume: Volume) =>
  Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);

type Items = { key: string; path: string; mode?: number | undefined }[] | undefined;

function select(
  values: Record<string, string | Uint8Array>,
  items: Items,
  optional: boolean | undefined,
  add: (path: string, content: string | Uint8Array, mode: number | undefined) => void,
): void {
  if (!items) {
    for (const [key, value] of Object.entries(values)) add(key, value, undefined);
    return;
  }
  for (const item of items) {
    const value = values[item.key];
    if (value !== undefined) add(item.path, value, item.mode);
    else if (!optional) throw new MountError(`references non-existent config key: ${item.key}`);
  }
}

/** Writes files into a volume's directory; with `prune`, files at its top that are no longer wanted go away. */
function fill(target: DirectoryNode, files: Files, nowMs: number, prune: boolean): void {
  for (const [path, { content, mode }] of files) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    const parent = parts.length > 0 ? descend(target, parts.join('/'), nowMs) : target;
    if (parent.kind === 'directory') parent.children.set(name, file(content, nowMs, mode));
  }
  if (!prune) return;
  const wanted = new Set([...files.keys()].map((path) => path.split('/', 1)[0]));
  const generated = [...target.children.keys()].filter((name) => !wanted.has(name) && name !== 'token');
  for (const name of generated) target.children.delete(name);
}

/** What is at a path inside a volume; directories that are missing are made. */
function descend(start: DirectoryNode, path: string, nowMs: number) {
  let current: DirectoryNode = start;
  const names = path.split('/').filter((name) => name !== '' && name !== '.' && name !== '..');
  for (const [index, name] of names.entries()) {
    const child = current.children.get(name);
    if (child && child.kind !== 'directory') return index === names.length - 1 ? child : current;
    const next = child ?? directory(nowMs, 0o777);
    current.children.set(name, next);
    current = next;
  }
  return current;
}
