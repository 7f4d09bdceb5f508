import { Command } from 'commander';

/** `seatrial shell`: the learner's shell on a cluster. */
export function shellCommand(): Command {
  return new Command('shell')
    .description('the learner’s shell on a cluster; with a command, runs that and ends with its exit code')
    .requiredOption('--kubeconfig <file>', 'the cluster, as seatrial cluster wrote it')
    .option('--home <dir>', 'the learner’s home; a new one, removed afterwards, when absent')
    .argument('[command...]', 'after --, what to run instead of an interactive shell')
    .passThroughOptions()
    .action(async (command: string[], options: { kubeconfig: string; home?: string }) => {
      const { runShell } = await import('../run-shell.js');
      process.exitCode = await runShell({ ...options, command });
    });
}
