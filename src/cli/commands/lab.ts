import { Command, Option } from 'commander';
import { toWholeNumber } from '../option-values.js';

const id = ['<id>', 'of the lab'] as const;

/** `seatrial lab …`: the HTTP API from a terminal. */
export function labCommand(): Command {
  const lab = new Command('lab')
    .description('labs on a running service')
    .addHelpText(
      'after',
      '\nSEATRIAL_URL is the service (http://127.0.0.1:3000 when absent), SEATRIAL_TOKEN an API token.',
    );
  lab
    .command('start')
    .description('start a lab and follow it until it is ready; prints its id')
    .argument('<scenario>', 'id of the scenario')
    .addOption(new Option('--driver <name>', 'kind of cluster').choices(['simulated', 'kind']))
    .option('--no-wait', 'return at once')
    .action(async (scenario: string, options) => {
      const { startLab } = await import('../lab/start-lab.js');
      process.exitCode = await startLab(scenario, options);
    });
  lab
    .command('list')
    .description('your labs')
    .option('--json', 'as the API answers')
    .action(async (options) => {
      const { listLabs } = await import('../lab/show-labs.js');
      process.exitCode = await listLabs(options);
    });
  lab
    .command('show')
    .description('state, phases, steps and points of a lab')
    .argument(...id)
    .option('--json', 'as the API answers')
    .action(async (labId: string, options) => {
      const { showLab } = await import('../lab/show-labs.js');
      process.exitCode = await showLab(labId, options);
    });
  lab
    .command('check')
    .description('grade a lab; exit code 0 when every check passed')
    .argument(...id)
    .option('--step <step>', 'only this step')
    .option('--json', 'as the API answers')
    .action(async (labId: string, options) => {
      const { checkLab } = await import('../lab/check-lab.js');
      process.exitCode = await checkLab(labId, options);
    });
  lab
    .command('shell')
    .description('a terminal of the lab; Ctrl-] leaves it running')
    .argument(...id)
    .addOption(new Option('--terminal <number>', '1 to 8').choices([...'12345678']).default('1'))
    .action(async (labId: string, options: { terminal: string }) => {
      const { openLabShell } = await import('../lab/open-lab-shell.js');
      process.exitCode = await openLabShell(labId, Number(options.terminal));
    });
  lab
    .command('extend')
    .description('let a lab live longer')
    .argument(...id)
    .addOption(
      new Option('--minutes <count>', 'by how much; the service’s own measure when absent').argParser(
        toWholeNumber(1, 43_200),
      ),
    )
    .action(async (labId: string, options: { minutes?: number }) => {
      const { extendLab } = await import('../lab/show-labs.js');
      process.exitCode = await extendLab(labId, options);
    });
  lab
    .command('end')
    .description('end a lab; everything in it is removed')
    .argument(...id)
    .action(async (labId: string) => {
      const { endLab } = await import('../lab/show-labs.js');
      process.exitCode = await endLab(labId);
    });
  return lab;
}
