import { Command } from 'commander';

/** `seatrial lint`: every problem of scenario files. */
export function lintCommand(): Command {
  return new Command('lint')
    .description('read scenarios and print every problem as file:line: message')
    .argument('<path...>', 'scenario folders, scenario.yaml files, or folders of scenarios')
    .option('--json', 'print an array of problems')
    .option('--sarif', 'print SARIF 2.1.0, for code hosts')
    .action(async (paths: string[], options: { json?: boolean; sarif?: boolean }) => {
      const { lintScenarios } = await import('../lint-scenarios.js');
      process.exitCode = await lintScenarios(paths, options);
    });
}
