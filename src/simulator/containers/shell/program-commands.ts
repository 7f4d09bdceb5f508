import { Readable } from 'node:stream';
import { type CustomCommand, defineCommand, latin1FromBytes } from 'just-bash';
import { createProcess } from '../create-process.js';
import { findPrograms } from '../executables.js';
import type { Process } from '../process.js';
import { PROGRAMS, STREAMING_PROGRAMS } from '../programs/programs.js';
import { runCommandOf } from './shell-files.js';

/**
 * Our programs as commands of a shell. Servers and the like write straight to the shell's own output, because they may
 * never end; the others are collected, so that they can be piped.
 */
export function programCommands(shell: Process): CustomCommand[] {
  const commands: CustomCommand[] = [];
  for (const [name, program] of findPrograms(shell.world.files, shell.env['PATH'])) {
    const run = PROGRAMS[program];
    if (!run) continue;
    const asCommand = (commandName: string) =>
      defineCommand(commandName, async (args, context) => {
        const stdin = latin1FromBytes(context.stdin);
        const collected = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
        const streams = STREAMING_PROGRAMS.has(program);
        const child = createProcess({
          world: shell.world,
          argv: [name, ...args],
          env: context.exportedEnv ?? {},
          cwd: context.cwd,
          stdin: stdin === '' ? shell.stdin : Readable.from([Buffer.from(stdin, 'latin1')]),
          tty: shell.tty,
          stdout: streams ? shell.stdout : (output) => collected.stdout.push(Buffer.from(output)),
          stderr: streams ? shell.stderr : (output) => collected.stderr.push(Buffer.from(output)),
          ...(context.signal && { signal: context.signal }),
        });
        const { exitCode } = await child.run(run);
        return {
          stdout: Buffer.concat(collected.stdout).toString(),
          stderr: Buffer.concat(collected.stderr).toString(),
          exitCode,
        };
      });
    commands.push(asCommand(name), asCommand(runCommandOf(name)));
  }
  return commands;
}
