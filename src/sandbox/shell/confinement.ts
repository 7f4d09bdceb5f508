import type { ShellFolders } from './bubblewrap.js';
import type { ShellLimits } from './limits.js';
import { limitCommand } from './limits.js';

const isRoot = process.getuid?.() === 0;

/**
 * Shows folders to a user who may not walk down to them: root mounts them on /mnt in a mount namespace of its own, then
 * runs the command that follows. Arguments: the folders in the order of `ShellFolders`, then the command.
 */
const SHOW_FOLDERS = `mount -t tmpfs -o size=64k,mode=755 none /mnt
for name in home relay tools system; do mkdir "/mnt/$name"; mount --bind "$1" "/mnt/$name"; shift; done
exec "$@"`;

/**
 * Closes every file from descriptor $1 on and runs the command that follows. What the service has open is not all closed
 * on exec: the terminals of other sandboxes are not, as the library opens them, nor what the service inherited itself.
 * When the machine runs out of memory, the kernel is to take these programs first, never the service (oom_score_adj, proc(5)).
 */
const PREPARE = `for fd in /proc/self/fd/*; do fd=\${fd##*/}; [ "$fd" -lt "$1" ] || eval "exec $fd>&-"; done
echo 1000 > /proc/self/oom_score_adj
shift; exec "$@"`;

/** The command in front of everything of a sandbox; `descriptors` is how many, from 0 on, it is to have. */
export function prepareProcess(descriptors: number): string[] {
  return ['/usr/bin/bash', '-pc', PREPARE, 'bash', String(descriptors)];
}

/** Where the folders are for the command that `showFolders` runs. */
export function shownFolders(folders: ShellFolders): ShellFolders {
  if (!isRoot) return folders;
  return { home: '/mnt/home', relay: '/mnt/relay', tools: '/mnt/tools', system: '/mnt/system' };
}

/** The command in front of bwrap that lets `uid` reach the folders. */
export function showFolders(folders: ShellFolders): string[] {
  if (!isRoot) return [];
  const { home, relay, tools, system } = folders;
  const script = ['/usr/bin/sh', '-ec', SHOW_FOLDERS, 'sh', home, relay, tools, system];
  return ['/usr/bin/unshare', '--mount', '--propagation', 'private', '--', ...script];
}

/** Gives up the host's root for good; nothing to give up when the service is not root. */
export function becomeUser(uid: number): string[] {
  const changes = isRoot ? [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--bounding-set=-all'] : [];
  return ['/usr/bin/setpriv', ...changes, '--no-new-privs', '--inh-caps=-all', '--'];
}

/**
 * The processes that make a sandbox, in its own user namespace: `owner` is bwrap's outer process, `init` is process 1 of
 * the sandbox (both as the host counts).
 */
export interface SandboxProcesses {
  owner: number;
  init: number;
}

/**
 * The command in front of one that is to run inside a sandbox. Three steps: into the user namespace that owns the
 * sandbox's other namespaces, which gives the right to enter those; into those; and into the inner user namespace, where
 * all rights end. Only uid `uid` (or root) may do so.
 */
export function enterSandbox(processes: SandboxProcesses, uid: number, limits: ShellLimits): string[] {
  const enter = (target: number, ...namespaces: string[]) => [
    '/usr/bin/nsenter',
    '--target',
    String(target),
    ...namespaces,
    '--',
  ];
  return [
    ...prepareProcess(3),
    ...['/usr/bin/nice', '-n', String(limits.niceness)],
    ...becomeUser(uid),
    ...enter(processes.owner, '--user', '--preserve-credentials'),
    ...enter(processes.init, '--mount', '--pid', '--net', '--ipc', '--uts', '--cgroup'),
    ...enter(1, '--user', '--preserve-credentials'),
    ...limitCommand(limits),
  ];
}
