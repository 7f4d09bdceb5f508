import type { ShellLimits } from './limits.js';
import { LEARNER, RELAY_PATH, TOOLS_PATH } from './system-files.js';

/** Folders of the host that a sandbox is made of. */
export interface ShellFolders {
  home: string;
  /** Holds `api.sock` and nothing else. */
  relay: string;
  tools: string;
  system: string;
}

const LINKS: [string, string][] = [
  ['usr/bin', '/bin'],
  ['usr/lib', '/lib'],
  ['usr/lib64', '/lib64'],
  ['usr/sbin', '/sbin'],
];

/**
 * Arguments of bwrap(1) for the root file system and the namespaces of a sandbox. Every writable place is either the home
 * or a memory file system of known size: bubblewrap's own / and /dev would take half of the machine's memory, so both are
 * made read-only at the end.
 */
export function bubblewrapArguments(
  folders: ShellFolders,
  sharedEtc: string[],
  limits: ShellLimits,
): string[] {
  const size = String(limits.temporaryBytes);
  const id = String(LEARNER.uid);
  return [
    ...['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--clearenv'],
    ...['--hostname', 'lab', '--uid', id, '--gid', id],
    ...['--ro-bind', '/usr', '/usr'],
    ...LINKS.flatMap(([target, link]) => ['--symlink', target, link]),
    ...['--proc', '/proc', '--dev', '/dev', '--size', size, '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev', '--size', size, '--perms', '1777', '--tmpfs', '/tmp'],
    ...['--ro-bind', folders.system, '/etc'],
    ...sharedEtc.flatMap((path) => ['--ro-bind', `/etc/${path}`, `/etc/${path}`]),
    ...['--perms', '0755', '--dir', '/opt', '--ro-bind', folders.tools, TOOLS_PATH],
    ...['--perms', '0755', '--dir', '/run', '--ro-bind', folders.relay, RELAY_PATH],
    ...['--perms', '0755', '--dir', '/home', '--bind', folders.home, LEARNER.home],
    ...['--remount-ro', '/', '--chdir', LEARNER.home],
  ];
}
