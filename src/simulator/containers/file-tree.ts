/** What a program is told when a file operation fails; `message` starts with the code, as Node's own errors do. */
export class FileError extends Error {
  constructor(
    readonly code:
      | 'ENOENT'
      | 'EEXIST'
      | 'ENOTDIR'
      | 'EISDIR'
      | 'EROFS'
      | 'ENOTEMPTY'
      | 'ENOSPC'
      | 'ELOOP'
      | 'EINVAL'
      | 'EBUSY',
    operation: string,
    path: string,
  ) {
    super(`${code}: ${ERROR_TEXTS[code]}, ${operation} '${path}'`);
    this.name = 'FileError';
  }
}

const ERROR_TEXTS = {
  ENOENT: 'no such file or directory',
  EEXIST: 'file already exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'illegal operation on a directory',
  EROFS: 'read-only file system',
  ENOTEMPTY: 'directory not empty',
  ENOSPC: 'no space left on device',
  ELOOP: 'too many symbolic links encountered',
  EINVAL: 'invalid argument',
  EBUSY: 'resource busy or locked',
};

export interface FileNode {
  kind: 'file';
  content: Uint8Array;
  mode: number;
  mtimeMs: number;
  /** Names the program (containers/programs) that runs when the file is executed. */
  program?: string;
}

export interface DirectoryNode {
  kind: 'directory';
  children: Map<string, TreeNode>;
  mode: number;
  mtimeMs: number;
}

export interface LinkNode {
  kind: 'link';
  target: string;
  mtimeMs: number;
}

/** A file whose content is made by code: `/proc/1/cmdline`, `/dev/null`, a container's standard output. */
export interface DeviceNode {
  kind: 'device';
  mode: number;
  read(): Uint8Array;
  append(bytes: Uint8Array): void;
}

export type TreeNode = FileNode | DirectoryNode | LinkNode | DeviceNode;

export const EMPTY_BYTES = new Uint8Array(0);

export function directory(mtimeMs: number, mode = 0o755): DirectoryNode {
  return { kind: 'directory', children: new Map(), mode, mtimeMs };
}

export function file(content: string | Uint8Array, mtimeMs: number, mode = 0o644): FileNode {
  return {
    kind: 'file',
    content: typeof content === 'string' ? new TextEncoder().encode(content) : content,
    mode,
    mtimeMs,
  };
}

interface Mount {
  node: TreeNode;
  readOnly: boolean;
}

interface Found {
  node: TreeNode;
  /** Absolute, without links. */
  path: string;
  readOnly: boolean;
}

/** Most links followed on one path; Linux's own limit. */
const MAX_LINKS = 40;

/**
 * The file tree that one container sees: an image's tree, which many containers share and which is copied directory by
 * directory as the container writes, and volumes mounted in it, which are the same nodes in every container that mounts
 * them. Writing beyond `capacityBytes` fails with ENOSPC. Paths are absolute; failures are `FileError`.
 */
export class FileTree {
  private root: DirectoryNode;
  private readonly owned = new WeakSet<DirectoryNode>();
  private readonly mounts = new Map<string, Mount>();
  private writtenBytes = 0;

  constructor(
    image: DirectoryNode,
    private readonly now: () => number,
    private readonly capacityBytes = 64 * 1024 * 1024,
  ) {
    this.root = this.copyOf(image);
  }

  /** Shows `node` at `path` from now on, making the directories that lead to it. */
  mount(path: string, node: TreeNode, readOnly = false): void {
    const target = normalize(path);
    if (target === '/') throw new FileError('EBUSY', 'mount', path);
    this.mkdir(parentOf(target), true);
    const parent = this.find(parentOf(target), 'mount');
    const mountPoint = `${parent.path === '/' ? '' : parent.path}/${baseOf(target)}`;
    if (!this.children(parent).has(baseOf(target))) {
      const children = this.writableDirectory(parent.path, 'mount').children;
      children.set(baseOf(target), node.kind === 'directory' ? directory(this.now()) : file('', this.now()));
    }
    this.mounts.set(mountPoint, { node, readOnly });
  }

  /** Like `mount` at an existing directory, but the node is made when it is first looked at. */
  mountLazily(path: string, make: () => DirectoryNode): void {
    let made: DirectoryNode | undefined;
    const mount: Mount = {
      get node() {
        made ??= make();
        return made;
      },
      readOnly: false,
    };
    this.mounts.set(normalize(path), mount);
  }

  mountPoints(): string[] {
    return [...this.mounts.keys()];
  }

  /** The node at `path`, or undefined when there is none. */
  lookup(path: string, followLast = true): TreeNode | undefined {
    try {
      return this.find(path, 'stat', followLast).node;
    } catch (error) {
      if (error instanceof FileError) return undefined;
      throw error;
    }
  }

  stat(path: string, followLast = true): TreeNode {
    return this.find(path, followLast ? 'stat' : 'lstat', followLast).node;
  }

  realPath(path: string): string {
    return this.find(path, 'realpath').path;
  }

  read(path: string): Uint8Array {
    const { node } = this.find(path, 'open');
    if (node.kind === 'device') return node.read();
    if (node.kind !== 'file') throw new FileError('EISDIR', 'read', path);
    return node.content;
  }

  /** The file's text, or undefined when there is no such file. */
  readText(path: string): string | undefined {
    const node = this.lookup(path);
    return node?.kind === 'file' || node?.kind === 'device'
      ? new TextDecoder().decode(this.read(path))
      : undefined;
  }

  list(path: string): string[] {
    const found = this.find(path, 'scandir');
    return [...this.children(found).keys()].sort();
  }

  write(path: string, content: string | Uint8Array, append = false): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const existing = this.tryFind(path);
    if (existing?.node.kind === 'device') {
      existing.node.append(bytes);
      return;
    }
    if (existing?.node.kind === 'directory') throw new FileError('EISDIR', 'open', path);
    if (existing?.readOnly) throw new FileError('EROFS', 'open', path);
    this.reserve(bytes.length, path);
    const previous = existing?.node.kind === 'file' ? existing.node : undefined;
    const whole = append && previous ? concatenate(previous.content, bytes) : bytes.slice();
    const mount = existing && this.mounts.get(existing.path);
    if (mount?.node.kind === 'file') {
      mount.node.content = whole;
      mount.node.mtimeMs = this.now();
      return;
    }
    const target = existing?.path ?? this.pathOfNew(path, 'open');
    const parent = this.writableDirectory(parentOf(target), 'open', path);
    const node: FileNode = {
      kind: 'file',
      content: whole,
      mode: previous?.mode ?? 0o644,
      mtimeMs: this.now(),
    };
    parent.children.set(baseOf(target), node);
    parent.mtimeMs = this.now();
  }

  mkdir(path: string, recursive = false): void {
    const target = normalize(path);
    if (this.lookup(target)) {
      if (recursive && this.lookup(target)?.kind === 'directory') return;
      throw new FileError('EEXIST', 'mkdir', path);
    }
    if (recursive) this.mkdir(parentOf(target), true);
    const created = this.pathOfNew(target, 'mkdir');
    const parent = this.writableDirectory(parentOf(created), 'mkdir', path);
    const child = directory(this.now());
    this.owned.add(child);
    parent.children.set(baseOf(created), child);
    parent.mtimeMs = this.now();
  }

  remove(path: string, recursive = false): void {
    const found = this.find(path, 'rm', false);
    if (this.isMountedAt(found.path)) throw new FileError('EBUSY', 'rm', path);
    if (found.node.kind === 'directory' && !recursive && this.children(found).size > 0)
      throw new FileError('ENOTEMPTY', 'rm', path);
    const parent = this.writableDirectory(parentOf(found.path), 'rm', path);
    parent.children.delete(baseOf(found.path));
    parent.mtimeMs = this.now();
  }

  /** Puts a copy of what is at `source` (a directory with all in it) at `target`. */
  copy(source: string, target: string): void {
    const { node } = this.find(source, 'cp');
    this.attach(target, cloneNode(node), 'cp');
  }

  rename(source: string, target: string): void {
    const found = this.find(source, 'rename', false);
    if (this.isMountedAt(found.path)) throw new FileError('EBUSY', 'rename', source);
    this.attach(target, cloneNode(found.node), 'rename');
    this.remove(source, true);
  }

  link(target: string, path: string): void {
    if (this.lookup(path, false)) throw new FileError('EEXIST', 'symlink', path);
    this.attach(path, { kind: 'link', target, mtimeMs: this.now() }, 'symlink');
  }

  chmod(path: string, mode: number): void {
    const found = this.find(path, 'chmod');
    if (found.node.kind === 'directory') {
      this.writableDirectory(found.path, 'chmod', path).mode = mode;
      return;
    }
    if (found.node.kind !== 'file') return;
    const parent = this.writableDirectory(parentOf(found.path), 'chmod', path);
    parent.children.set(baseOf(found.path), { ...found.node, mode });
  }

  touch(path: string, mtimeMs: number): void {
    const { node } = this.find(path, 'utimes');
    if (node.kind !== 'device') node.mtimeMs = mtimeMs;
  }

  private attach(path: string, node: TreeNode, operation: string): void {
    const target = this.tryFind(path, false)?.path ?? this.pathOfNew(path, operation);
    const parent = this.writableDirectory(parentOf(target), operation, path);
    parent.children.set(baseOf(target), node);
    parent.mtimeMs = this.now();
  }

  private isMountedAt(path: string): boolean {
    return [...this.mounts.keys()].some((point) => point === path || point.startsWith(`${path}/`));
  }

  private reserve(bytes: number, path: string): void {
    if (this.writtenBytes + bytes > this.capacityBytes) throw new FileError('ENOSPC', 'write', path);
    this.writtenBytes += bytes;
  }

  private children(found: Found): Map<string, TreeNode> {
    if (found.node.kind !== 'directory') throw new FileError('ENOTDIR', 'scandir', found.path);
    return found.node.children;
  }

  private tryFind(path: string, followLast = true): Found | undefined {
    try {
      return this.find(path, 'open', followLast);
    } catch (error) {
      if (error instanceof FileError && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Where a file that does not exist yet will be, with the links of its directory followed. */
  private pathOfNew(path: string, operation: string): string {
    const target = normalize(path);
    const parent = this.tryFind(parentOf(target));
    if (!parent) throw new FileError('ENOENT', operation, path);
    if (parent.node.kind !== 'directory') throw new FileError('ENOTDIR', operation, path);
    return parent.path === '/' ? `/${baseOf(target)}` : `${parent.path}/${baseOf(target)}`;
  }

  private find(path: string, operation: string, followLast = true): Found {
    let links = 0;
    let pending = normalize(path).split('/').filter(Boolean);
    let found: Found = { node: this.root, path: '/', readOnly: false };
    while (pending.length > 0) {
      const [name = '', ...rest] = pending;
      if (found.node.kind !== 'directory') throw new FileError('ENOTDIR', operation, path);
      const childPath = found.path === '/' ? `/${name}` : `${found.path}/${name}`;
      const mount = this.mounts.get(childPath);
      const child = mount?.node ?? found.node.children.get(name);
      if (!child) throw new FileError('ENOENT', operation, path);
      if (child.kind === 'link' && (rest.length > 0 || followLast)) {
        if (++links > MAX_LINKS) throw new FileError('ELOOP', operation, path);
        const target = normalize(
          child.target.startsWith('/') ? child.target : `${found.path}/${child.target}`,
        );
        pending = [...target.split('/').filter(Boolean), ...rest];
        found = { node: this.root, path: '/', readOnly: false };
        continue;
      }
      found = { node: child, path: childPath, readOnly: mount?.readOnly ?? found.readOnly };
      pending = rest;
    }
    return found;
  }

  /** The directory at a path without links, made the container's own where it still belongs to the image. */
  private writableDirectory(path: string, operation: string, shownPath = path): DirectoryNode {
    let current = this.root;
    let currentPath = '';
    let volume = false;
    let readOnly = false;
    for (const name of path.split('/').filter(Boolean)) {
      currentPath += `/${name}`;
      const mount = this.mounts.get(currentPath);
      const child = mount?.node ?? current.children.get(name);
      if (child?.kind !== 'directory') throw new FileError('ENOTDIR', operation, shownPath);
      if (mount) {
        volume = true;
        readOnly = mount.readOnly;
      }
      if (volume || this.owned.has(child)) current = child;
      else {
        const copy = this.copyOf(child);
        current.children.set(name, copy);
        current = copy;
      }
    }
    if (readOnly) throw new FileError('EROFS', operation, shownPath);
    return current;
  }

  private copyOf(source: DirectoryNode): DirectoryNode {
    const copy: DirectoryNode = { ...source, children: new Map(source.children) };
    this.owned.add(copy);
    return copy;
  }
}

/** Resolves `.` and `..`; the result is absolute and has no slash at its end. */
export function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

export function parentOf(path: string): string {
  return normalize(path.slice(0, path.lastIndexOf('/')));
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function cloneNode(node: TreeNode): TreeNode {
  if (node.kind !== 'directory') return { ...node };
  const children = new Map([...node.children].map(([name, child]) => [name, cloneNode(child)]));
  return { ...node, children };
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
