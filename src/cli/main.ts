import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { clusterCommand } from './commands/cluster.js';
import { labCommand } from './commands/lab.js';
import { lintCommand } from './commands/lint.js';
import { shellCommand } from './commands/shell.js';
import { testCommand } from './commands/test.js';
import { ExitCode } from './exit-code.js';
import { explainError, UsageError } from './failure.js';

/**
 * The `seatrial` command. Nothing but commander is loaded before a command is chosen: `seatrial cluster` has two seconds
 * to be ready.
 */
async function main(args: string[]): Promise<void> {
  const program = new Command('seatrial')
    .description(
      'Kubernetes training labs: simulated clusters, scenarios and the service’s API from a terminal.',
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 all is well, 1 problems were found, 2 the command was not understood.',
    )
    .version(readVersion(), '--version', 'print the version')
    .enablePositionalOptions();
  const commands = [clusterCommand(), shellCommand(), lintCommand(), testCommand(), labCommand()];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap((command) => command.commands)])
    command.exitOverride().showHelpAfterError('(see --help)');
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (!(error instanceof CommanderError)) console.error(`seatrial: ${explainError(error)}`);
  }
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  return error instanceof UsageError ? ExitCode.usage : ExitCode.problems;
}

await main(process.argv.slice(2));
