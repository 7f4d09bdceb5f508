import { PACKAGE_ROOT } from '../../common/package-root.js';
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

/** Of the host's /usr what its packages install; what its owner keeps in /usr/local and /usr/src is nobody's business. */
const SHARED_USR = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libexec', 'share'].map((name) => `/usr/${name}`);

/** Scenarios with their solutions lie with the program, should that be installed below /usr. */
const HIDDEN = SHARED_USR.some((folder) => PACKAGE_ROOT.startsWith(`${folder}/`)) ? [PACKAGE_ROOT] : [];

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
    ...['--perms', '0755', '--dir', '/usr'],
    ...SHARED_USR.flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...HIDDEN.flatMap((folder) => ['--size', '4096', '--perms', '0555', '--tmpfs', folder]),
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
