import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { DirectoryNode } from './file-tree.js';
import { type Image, type ImageEntry, imageSchema } from './image.js';
import { formatImageReference, type ImageReference, parseImageReference } from './image-reference.js';
import { buildImageTree } from './image-tree.js';

export type ImageLookup = { image: Image } | { error: string };

/** Which images exist and what is in them; a scenario can add its own. */
export class ImageCatalogue {
  private readonly byRepository = new Map<string, ImageEntry[]>();
  private readonly trees = new Map<string, DirectoryNode>();

  constructor(entries: readonly ImageEntry[]) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: ImageEntry): void {
    this.byRepository.set(entry.repository, [entry, ...(this.byRepository.get(entry.repository) ?? [])]);
  }

  /** Finds an image by a valid reference, or says in containerd's words why it cannot be pulled. */
  find(reference: ImageReference): ImageLookup {
    const name = formatImageReference(reference);
    const entries = this.byRepository.get(reference.repository);
    const entry = entries?.find(
      (each) => reference.digest || new RegExp(`^(?:${each.tags})$`).test(reference.tag),
    );
    if (!entry) return { error: pullError(reference, entries !== undefined) };
    const digest = reference.digest ?? `sha256:${createHash('sha256').update(name).digest('hex')}`;
    const env = withVersion(entry, reference.tag);
    return { image: { ...entry, env, name, tag: reference.tag, id: `${reference.repository}@${digest}` } };
  }

  /** The file tree of an image, built once and shared by all its containers: never change it. */
  tree(image: Image): DirectoryNode {
    const known = this.trees.get(image.name);
    if (known) return known;
    const tree = buildImageTree(image);
    this.trees.set(image.name, tree);
    return tree;
  }
}

/** The image's environment, with the version that a tag such as `1.25-alpine` or `latest` stands for. */
function withVersion({ env, versions }: ImageEntry, tag: string): Record<string, string> {
  const [start = ''] = tag.split('-');
  const version = /^\d+\.\d+\.\d+$/.test(start) ? start : (versions[start] ?? versions['latest']);
  if (version === undefined) return env;
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replaceAll('{version}', version)]),
  );
}

/** What the runtime answers for a repository or a tag that a registry does not have. */
function pullError(reference: ImageReference, repositoryExists: boolean): string {
  const name = formatImageReference(reference);
  const unresolved = `failed to pull and unpack image "${name}": failed to resolve reference "${name}"`;
  if (repositoryExists || !reference.repository.startsWith('docker.io/'))
    return `rpc error: code = NotFound desc = ${unresolved}: ${name}: not found`;
  return `${unresolved}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`;
}

let builtIn: ImageEntry[] | undefined;

/** A catalogue of the images under containers/images; the files are read once a process. */
export function builtInCatalogue(): ImageCatalogue {
  builtIn ??= readBuiltIn();
  return new ImageCatalogue(builtIn);
}

function readBuiltIn(): ImageEntry[] {
  const folder = new URL('./images/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) =>
      z.array(imageSchema).parse(parse(readFileSync(new URL(name, folder), 'utf8'), { merge: true })),
    );
}

/** The image of an `image:` field that is known to be in the catalogue, or undefined. */
export function findByName(catalogue: ImageCatalogue, name: string): Image | undefined {
  const reference = parseImageReference(name);
  const found = reference && catalogue.find(reference);
  return found && 'image' in found ? found.image : undefined;
}
