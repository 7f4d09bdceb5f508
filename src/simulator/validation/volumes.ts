import type { Volume } from '../api/core-v1.generated.js';
import { configKeyProblems, dns1123LabelProblems } from '../machinery/names.js';
import { duplicate, forbidden, invalid, type Problems, required } from './problems.js';
import { checked, type Loose, oneOf, requiredAnd, requiredText } from './rules.js';

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

interface KeyToPath {
  key?: string | undefined;
  path?: string | undefined;
  mode?: number | undefined;
}

export function* validateVolumes(field: string, volumes: Loose<Volume>[]): Problems {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const path = `${field}[${index}]`;
    yield* validateSource(path, volume);
    if (!volume.name) {
      yield required(`${path}.name`);
      continue;
    }
    yield* checked(`${path}.name`, volume.name, dns1123LabelProblems);
    if (names.has(volume.name)) yield duplicate(`${path}.name`, volume.name);
    names.add(volume.name);
  }
}

function* validateSource(path: string, volume: Loose<Volume>): Problems {
  const { name: _, ...sources } = volume;
  const present = Object.entries(sources).filter(([, source]) => source !== undefined);
  if (present.length === 0) yield required(path, 'must specify a volume type');
  for (const [kind] of present.slice(1))
    yield forbidden(`${path}.${kind}`, 'may not specify more than 1 volume type');
  const { configMap, secret, persistentVolumeClaim, hostPath, emptyDir, projected, nfs, downwardAPI } =
    volume;
  if (configMap) {
    yield* requiredText(`${path}.configMap.name`, configMap.name);
    yield* validateFiles(`${path}.configMap`, configMap.defaultMode, configMap.items);
  }
  if (secret) {
    yield* requiredText(`${path}.secret.secretName`, secret.secretName);
    yield* validateFiles(`${path}.secret`, secret.defaultMode, secret.items);
  }
  if (persistentVolumeClaim)
    yield* requiredText(`${path}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName);
  if (hostPath) {
    yield* requiredText(`${path}.hostPath.path`, hostPath.path);
    yield* checked(`${path}.hostPath.path`, hostPath.path ?? '', noBacksteps);
    yield* oneOf(`${path}.hostPath.type`, hostPath.type, HOST_PATH_TYPES);
  }
  if (emptyDir?.sizeLimit?.startsWith('-'))
    yield forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
  if (nfs) {
    yield* requiredText(`${path}.nfs.server`, nfs.server);
    yield* requiredText(`${path}.nfs.path`, nfs.path);
    if (nfs.path && !nfs.path.startsWith('/'))
      yield invalid(`${path}.nfs.path`, nfs.path, 'must be an absolute path');
  }
  if (downwardAPI) yield* validateMode(`${path}.downwardAPI.defaultMode`, downwardAPI.defaultMode);
  if (projected) yield* validateProjected(`${path}.projected`, projected);
}

function* validateProjected(path: string, projected: NonNullable<Loose<Volume>['projected']>): Problems {
  yield* validateMode(`${path}.defaultMode`, projected.defaultMode);
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const at = `${path}.sources[${index}]`;
    const kinds = Object.entries(source).filter(([, member]) => member !== undefined);
    for (const [kind] of kinds.slice(1))
      yield forbidden(`${at}.${kind}`, 'may not specify more than 1 volume type per source');
    if (source.configMap) yield* requiredText(`${at}.configMap.name`, source.configMap.name);
    if (source.secret) yield* requiredText(`${at}.secret.name`, source.secret.name);
    if (source.serviceAccountToken)
      yield* requiredText(`${at}.serviceAccountToken.path`, source.serviceAccountToken.path);
  }
}

function* validateFiles(
  path: string,
  defaultMode: number | undefined,
  items: KeyToPath[] | undefined,
): Problems {
  yield* validateMode(`${path}.defaultMode`, defaultMode);
  for (const [index, item] of (items ?? []).entries()) {
    const at = `${path}.items[${index}]`;
    yield* requiredAnd(`${at}.key`, item.key, configKeyProblems);
    yield* requiredAnd(`${at}.path`, item.path, relativePathProblems);
    yield* validateMode(`${at}.mode`, item.mode);
  }
}

function* validateMode(field: string, mode: number | undefined): Problems {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    yield invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}

const noBacksteps = (path: string) => (path.split('/').includes('..') ? ["must not contain '..'"] : []);

/** Paths inside a volume. */
export function relativePathProblems(path: string): string[] {
  const problems = path.startsWith('/') ? ['must be a relative path'] : [];
  return [...problems, ...noBacksteps(path)];
}
