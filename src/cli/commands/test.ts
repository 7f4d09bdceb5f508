import { Command, Option } from 'commander';
import { toWholeNumber } from '../option-values.js';

/** `seatrial test`: scenarios prove themselves. */
export function testCommand(): Command {
  return new Command('test')
    .description(
      'prove scenarios: untouched scores 0, every solution 100 %, every mutant fails what it names',
    )
    .argument('<path...>', 'scenario folders, scenario.yaml files, or folders of scenarios')
    .addOption(
      new Option('--driver <name>', 'where to run them').choices(['simulated', 'kind']).default('simulated'),
    )
    .addOption(
      new Option('--jobs <count>', 'sandboxes at once; by default one a processor').argParser(
        toWholeNumber(1, 32),
      ),
    )
    .option('--only <text>', 'only trials whose name contains this, e.g. "mutant" or "roll-an-image"')
    .option('--json', 'print the results as JSON')
    .action(async (paths: string[], options) => {
      const { testScenarios } = await import('../self-test/test-scenarios.js');
      process.exitCode = await testScenarios(paths, options);
    });
}
