import { FileError, type FileTree, normalize } from '../file-tree.js';
import type { Process, Program } from '../process.js';

const BLOCK = 512;

/** `tar` with `c`, `x` and `t` on standard streams or a file, without compression: what `kubectl cp` needs. POSIX ustar. */
export const tar: Program = async (process) => {
  const { mode, archive, folder, paths, verbose } = readArguments(process.argv.slice(1), process.cwd);
  const { files } = process.world;
  try {
    if (mode === 'c') {
      if (paths.some((path) => path.startsWith('/')))
        process.stderr("tar: removing leading '/' from member names\n");
      const bytes = pack(files, folder, paths);
      if (archive === '-') process.stdout(bytes);
      else files.write(inside(folder, archive), bytes);
      return 0;
    }
    const bytes = archive === '-' ? await readInput(process) : files.read(inside(process.cwd, archive));
    for (const member of unpack(bytes)) {
      if (mode === 't' || verbose) process.stdout(`${member.name}\n`);
      if (mode === 'x') extract(files, folder, member);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const path = /'([^']*)'$/.exec(error.message)?.[1] ?? '';
    process.stderr(
      `tar: ${path}: ${error.code === 'ENOENT' ? 'No such file or directory' : error.code === 'EROFS' ? 'Read-only file system' : 'Cannot open'}\n`,
    );
    return 1;
  }
};

interface Arguments {
  mode: string;
  archive: string;
  folder: string;
  paths: string[];
  verbose: boolean;
}

function readArguments(args: string[], cwd: string): Arguments {
  const result: Arguments = { mode: '', archive: '-', folder: cwd, paths: [], verbose: false };
  const rest = [...args];
  const first = rest[0] ?? '';
  if (!first.startsWith('-')) rest[0] = `-${first}`;
  while (rest.length > 0) {
    const arg = rest.shift() ?? '';
    if (arg === '-' || !arg.startsWith('-')) result.paths.push(arg);
    else if (!arg.startsWith('--'))
      for (const letter of arg.slice(1)) {
        if ('cxt'.includes(letter)) result.mode = letter;
        if (letter === 'v') result.verbose = true;
        if (letter === 'f') result.archive = rest.shift() ?? '-';
        if (letter === 'C') result.folder = inside(cwd, rest.shift() ?? '.');
      }
  }
  return result;
}

const inside = (folder: string, path: string) => normalize(path.startsWith('/') ? path : `${folder}/${path}`);

async function readInput(process: Process): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function pack(files: FileTree, folder: string, paths: string[]): Buffer {
  const parts: Buffer[] = [];
  const add = (path: string, name: string) => {
    const node = files.stat(path);
    const content = node.kind === 'file' ? node.content : new Uint8Array(0);
    const isFolder = node.kind === 'directory';
    const mtimeMs = node.kind === 'file' || isFolder ? node.mtimeMs : 0;
    const mode = node.kind === 'link' ? 0o777 : node.mode;
    parts.push(
      header(isFolder ? `${name}/` : name, content.length, mode, mtimeMs, isFolder),
      Buffer.from(content),
    );
    parts.push(Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
    if (isFolder) for (const child of files.list(path)) add(`${path}/${child}`, `${name}/${child}`);
  };
  for (const path of paths) add(inside(folder, path), path.replace(/^\/+/, '').replace(/\/+$/, '') || '.');
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, size: number, mode: number, mtimeMs: number, isFolder: boolean): Buffer {
  const block = Buffer.alloc(BLOCK);
  const cut = name.length > 100 ? name.lastIndexOf('/', 155) : -1;
  block.write(name.slice(cut + 1), 0, 100);
  if (cut > 0) block.write(name.slice(0, cut), 345, 155);
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  octal(mode & 0o7777, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(mtimeMs / 1000), 136, 12);
  block.write('        ', 148);
  block.write(isFolder ? '5' : '0', 156);
  block.write('ustar\u000000', 257);
  block.write('root', 265);
  block.write('root', 297);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

interface Member {
  name: string;
  isFolder: boolean;
  mode: number;
  content: Uint8Array;
}

function unpack(archive: Uint8Array): Member[] {
  const bytes = Buffer.from(archive);
  const text = (at: number, length: number) => bytes.toString('utf8', at, at + length).replace(/\0.*$/s, '');
  const members: Member[] = [];
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const prefix = text(at + 345, 155);
    const type = String.fromCharCode(bytes[at + 156] ?? 0);
    const start = at + BLOCK;
    if (type === '0' || type === '\0' || type === '5')
      members.push({
        name: prefix ? `${prefix}/${text(at, 100)}` : text(at, 100),
        isFolder: type === '5',
        mode: Number.parseInt(text(at + 100, 8).trim() || '644', 8),
        content: bytes.subarray(start, start + size),
      });
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}

function extract(files: FileTree, folder: string, { name, isFolder, mode, content }: Member): void {
  const path = inside(folder, name);
  if (isFolder) {
    files.mkdir(path, true);
    return;
  }
  files.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', true);
  files.write(path, content);
  files.chmod(path, mode);
}
