import type { CpOptions, FileContent, FsStat, IFileSystem, MkdirOptions, RmOptions } from 'just-bash';
import {
  baseOf,
  type DeviceNode,
  FileError,
  type FileTree,
  normalize,
  parentOf,
  type TreeNode,
} from '../file-tree.js';

type Encoding = string | { encoding?: string | null } | undefined;

/** Where a shell sends its standard output and error: paths that no program would use, seen by this shell only. */
export const SHELL_STDOUT = '/dev/.stdout';
export const SHELL_STDERR = '/dev/.stderr';

/** A container's file tree as just-bash wants it, with the devices of one process. */
export class ShellFiles implements IFileSystem {
  constructor(
    private readonly tree: FileTree,
    private readonly devices: ReadonlyMap<string, DeviceNode>,
    /** Commands of the shell itself, which have no file but are looked for on the search path. */
    private readonly builtins: ReadonlySet<string>,
  ) {}

  async readFile(path: string, options?: Encoding): Promise<string> {
    return Buffer.from(this.bytesOf(path)).toString(bufferEncoding(options));
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    return this.bytesOf(path);
  }

  async writeFile(path: string, content: FileContent, options?: Encoding): Promise<void> {
    this.put(path, content, options, false);
  }

  async appendFile(path: string, content: FileContent, options?: Encoding): Promise<void> {
    this.put(path, content, options, true);
  }

  async exists(path: string): Promise<boolean> {
    return this.isBuiltin(path) || this.tree.lookup(path) !== undefined;
  }

  async stat(path: string): Promise<FsStat> {
    if (this.isBuiltin(path)) return BUILTIN;
    return describe(this.devices.get(path) ?? this.tree.stat(path));
  }

  async lstat(path: string): Promise<FsStat> {
    return describe(this.tree.stat(path, false));
  }

  async mkdir(path: string, options?: MkdirOptions): Promise<void> {
    this.tree.mkdir(path, options?.recursive);
  }

  async readdir(path: string): Promise<string[]> {
    return this.tree.list(path);
  }

  async rm(path: string, options?: RmOptions): Promise<void> {
    if (options?.force && !this.tree.lookup(path, false)) return;
    this.tree.remove(path, options?.recursive);
  }

  async cp(source: string, target: string, options?: CpOptions): Promise<void> {
    if (this.tree.stat(source).kind === 'directory' && !options?.recursive)
      throw new FileError('EISDIR', 'cp', source);
    this.tree.copy(source, target);
  }

  async mv(source: string, target: string): Promise<void> {
    this.tree.rename(source, target);
  }

  resolvePath(base: string, path: string): string {
    return normalize(path.startsWith('/') ? path : `${base}/${path}`);
  }

  getAllPaths(): string[] {
    const paths: string[] = [];
    const visit = (path: string, depth: number) => {
      paths.push(path);
      if (depth > 32 || this.tree.lookup(path, false)?.kind !== 'directory') return;
      for (const name of this.tree.list(path))
        visit(path === '/' ? `/${name}` : `${path}/${name}`, depth + 1);
    };
    visit('/', 0);
    return paths;
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.tree.chmod(path, mode);
  }

  async symlink(target: string, path: string): Promise<void> {
    this.tree.link(target, path);
  }

  async link(existing: string, path: string): Promise<void> {
    this.tree.copy(existing, path);
  }

  async readlink(path: string): Promise<string> {
    const node = this.tree.stat(path, false);
    if (node.kind !== 'link') throw new FileError('EINVAL', 'readlink', path);
    return node.target;
  }

  async realpath(path: string): Promise<string> {
    return this.tree.realPath(path);
  }

  async utimes(path: string, _atime: Date, mtime: Date): Promise<void> {
    this.tree.touch(path, mtime.getTime());
  }

  private isBuiltin(path: string): boolean {
    return this.builtins.has(baseOf(path)) && COMMAND_FOLDERS.has(parentOf(path));
  }

  private bytesOf(path: string): Uint8Array {
    const device = this.devices.get(path);
    const program = device ? undefined : this.programAt(path);
    // A shell that runs one of our programs by its path reads it as a script.
    if (program) return Buffer.from(`${program} "$@"\n`);
    return device ? device.read() : this.tree.read(path);
  }

  private programAt(path: string): string | undefined {
    const node = this.tree.lookup(path);
    if (node?.kind !== 'file' || !node.program || COMMAND_FOLDERS.has(parentOf(path))) return undefined;
    return SHELLS.has(node.program) ? '/bin/sh' : runCommandOf(baseOf(path));
  }

  private put(path: string, content: FileContent, options: Encoding, append: boolean): void {
    const bytes = typeof content === 'string' ? Buffer.from(content, bufferEncoding(options)) : content;
    const device = this.devices.get(path);
    if (device) device.append(bytes);
    else this.tree.write(path, bytes, append);
  }
}

/** Where just-bash's commands are: a file there with a command's name is that command. */
const COMMAND_FOLDERS = new Set(['/bin', '/usr/bin']);
const SHELLS = new Set(['sh', 'bash']);

/** The name of the command that runs the program with this file name, wherever its file is. */
export const runCommandOf = (name: string) => `__run_${name}`;

const BUILTIN: FsStat = {
  isFile: true,
  isDirectory: false,
  isSymbolicLink: false,
  mode: 0o755,
  size: 0,
  mtime: new Date(0),
};

function bufferEncoding(options: Encoding): BufferEncoding {
  const name = (typeof options === 'string' ? options : options?.encoding) ?? 'utf8';
  return name === 'binary' ? 'latin1' : (name as BufferEncoding);
}

function describe(node: TreeNode): FsStat {
  return {
    isFile: node.kind === 'file' || node.kind === 'device',
    isDirectory: node.kind === 'directory',
    isSymbolicLink: node.kind === 'link',
    mode: node.kind === 'link' ? 0o777 : node.mode,
    size: node.kind === 'file' ? node.content.length : node.kind === 'directory' ? 4096 : 0,
    mtime: new Date(node.kind === 'device' ? 0 : node.mtimeMs),
  };
}

/** The name of what runs, for a shell's messages: `/bin/sh` is `sh`. */
export const programName = (path: string) => baseOf(`/${path}`);
