import { BASE_SYSTEMS } from './base-systems.js';
import { type DirectoryNode, directory, file } from './file-tree.js';
import type { Image } from './image.js';

/** Images were built then; the date that `ls -l` shows. */
const BUILT_AT_MS = Date.UTC(2025, 5, 10);

const DIRECTORIES = [
  'bin',
  'dev',
  'etc',
  'home',
  'lib',
  'mnt',
  'opt',
  'proc',
  'root',
  'run',
  'sbin',
  'srv',
  'sys',
  'tmp',
  'usr/bin',
  'usr/sbin',
  'usr/local/bin',
  'usr/lib',
  'usr/share',
  'var/log',
  'var/lib',
  'var/run',
];

/** The file system of an image: its base's directories and commands, and its own files and programs on top. */
export function buildImageTree(image: Image): DirectoryNode {
  const root = directory(BUILT_AT_MS);
  const base = BASE_SYSTEMS[image.base];
  for (const path of image.base === 'none' ? ['dev', 'etc', 'proc', 'sys', 'tmp'] : DIRECTORIES)
    put(root, path);
  for (const tool of [...base.tools, ...image.tools]) addExecutable(root, base.toolFolder + tool, 'tool');
  for (const [path, program] of Object.entries(base.programs)) addExecutable(root, path, program);
  for (const [path, content] of Object.entries({ ...base.files, ...image.files })) {
    const { parent, name } = leaf(root, path);
    parent.children.set(name, file(content, BUILT_AT_MS, content.startsWith('#!') ? 0o755 : 0o644));
  }
  for (const [path, program] of Object.entries(image.programs)) addExecutable(root, path, program);
  put(root, image.workingDir);
  return root;
}

function addExecutable(root: DirectoryNode, path: string, program: string): void {
  const { parent, name } = leaf(root, path);
  parent.children.set(name, { ...file(`\u007fELF ${program}\n`, BUILT_AT_MS, 0o755), program });
}

function leaf(root: DirectoryNode, path: string): { parent: DirectoryNode; name: string } {
  const slash = path.lastIndexOf('/');
  return { parent: put(root, path.slice(0, slash)), name: path.slice(slash + 1) };
}

function put(root: DirectoryNode, path: string): DirectoryNode {
  let current = root;
  for (const name of path.split('/').filter(Boolean)) {
    let child = current.children.get(name);
    if (child?.kind !== 'directory') {
      child = directory(BUILT_AT_MS, name === 'tmp' ? 0o1777 : 0o755);
      current.children.set(name, child);
    }
    current = child;
  }
  return current;
}
