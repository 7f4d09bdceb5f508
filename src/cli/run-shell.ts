import { resolve } from 'node:path';
import { openShell } from '../sandbox/shell/open-shell.js';
import { TOOLS_DIRECTORY } from './tools-directory.js';

export interface ShellSettings {
  kubeconfig: string;
  home?: string;
  /** Empty for an interactive shell. */
  command: string[];
}

/** Opens the shell on this terminal and resolves with its exit code. */
export function runShell({ kubeconfig, home, command }: ShellSettings): Promise<number> {
  return openShell({
    kubeconfigPath: resolve(kubeconfig),
    toolsDirectory: TOOLS_DIRECTORY,
    ...(home !== undefined && { homeDirectory: resolve(home) }),
    ...(command.length > 0 && { command }),
  });
}
