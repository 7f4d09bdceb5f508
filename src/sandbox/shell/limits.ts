/** What one sandbox may use of its host. Sizes in bytes. */
export interface ShellLimits {
  /** Processes and threads of the whole sandbox; kubectl alone runs about ten threads. */
  processes: number;
  /** Address space of one process. Go programs reserve more than a gigabyte that they never touch. */
  addressSpaceBytes: number;
  /** What one process may write to of it: RLIMIT_DATA, which reserved and shared memory does not count for. */
  memoryBytes: number;
  fileBytes: number;
  openFiles: number;
  /** Processor time of one process. */
  cpuSeconds: number;
  /** Of /tmp and of /dev/shm each; both live in memory. */
  temporaryBytes: number;
  homeBytes: number;
  homeEntries: number;
  /** Added to the nice value, so that the service and its clusters go first. */
  niceness: number;
}

const MEBIBYTE = 1024 ** 2;

export const DEFAULT_SHELL_LIMITS: ShellLimits = {
  processes: 256,
  addressSpaceBytes: 4096 * MEBIBYTE,
  memoryBytes: 768 * MEBIBYTE,
  fileBytes: 100 * MEBIBYTE,
  openFiles: 1024,
  cpuSeconds: 600,
  temporaryBytes: 64 * MEBIBYTE,
  homeBytes: 256 * MEBIBYTE,
  homeEntries: 20_000,
  niceness: 5,
};

/**
 * prlimit(1) and its arguments for everything that a learner starts. It runs last, inside the namespaces: the number of
 * processes is counted per user namespace, so a service that is not root does not count its own ones.
 */
export function limitCommand(limits: ShellLimits): string[] {
  return [
    '/usr/bin/prlimit',
    `--nproc=${limits.processes}:${limits.processes}`,
    `--as=${limits.addressSpaceBytes}:${limits.addressSpaceBytes}`,
    `--data=${limits.memoryBytes}:${limits.memoryBytes}`,
    `--fsize=${limits.fileBytes}:${limits.fileBytes}`,
    `--nofile=${limits.openFiles}:${limits.openFiles}`,
    `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds}`,
    '--core=0:0',
    '--',
  ];
}
