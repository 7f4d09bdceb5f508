import { baseOf, type FileTree, normalize } from './file-tree.js';

/** The path of a container without a PATH of its own, as runc sets it. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Executable =
  | { kind: 'program'; path: string; program: string }
  | { kind: 'script'; path: string; interpreter: string[] }
  | { kind: 'missing'; message: string };

/** What runs for the first word of a command line; for what cannot run the message is the one of runc. */
export function findExecutable(
  files: FileTree,
  command: string,
  cwd: string,
  searchPath = DEFAULT_PATH,
): Executable {
  const quoted = JSON.stringify(command);
  if (!command.includes('/')) {
    for (const folder of searchPath.split(':')) {
      const found = executableAt(files, `${folder}/${command}`);
      if (found && found.kind !== 'missing') return found;
    }
    return { kind: 'missing', message: `exec: ${quoted}: executable file not found in $PATH` };
  }
  const path = normalize(command.startsWith('/') ? command : `${cwd}/${command}`);
  return (
    executableAt(files, path) ?? {
      kind: 'missing',
      message: `exec: ${quoted}: stat ${command}: no such file or directory`,
    }
  );
}

function executableAt(files: FileTree, path: string): Executable | undefined {
  const node = files.lookup(path);
  if (!node) return undefined;
  if (node.kind === 'directory')
    return { kind: 'missing', message: `exec: ${JSON.stringify(path)}: is a directory: permission denied` };
  if (node.kind !== 'file' || (node.mode & 0o111) === 0)
    return { kind: 'missing', message: `exec: ${JSON.stringify(path)}: permission denied` };
  if (node.program) return { kind: 'program', path, program: node.program };
  const firstLine = new TextDecoder().decode(node.content.subarray(0, 256)).split('\n', 1)[0] ?? '';
  if (!firstLine.startsWith('#!')) return { kind: 'missing', message: `exec ${path}: exec format error` };
  return { kind: 'script', path, interpreter: firstLine.slice(2).trim().split(/\s+/) };
}

/** Every command on the search path that is one of our programs: its name and the program's. */
export function findPrograms(files: FileTree, searchPath = DEFAULT_PATH): Map<string, string> {
  const found = new Map<string, string>();
  for (const folder of searchPath.split(':')) {
    if (files.lookup(folder)?.kind !== 'directory') continue;
    for (const name of files.list(folder)) {
      const node = files.lookup(`${folder}/${name}`);
      if (node?.kind === 'file' && node.program && node.program !== 'tool' && !found.has(name))
        found.set(baseOf(name), node.program);
    }
  }
  return found;
}
