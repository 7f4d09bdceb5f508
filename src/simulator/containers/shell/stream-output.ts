import { parse, type TransformPlugin } from 'just-bash';
import { SHELL_STDERR, SHELL_STDOUT } from './shell-files.js';

type Script = ReturnType<typeof parse>;
type Statement = Script['statements'][number];
type Command = Statement['pipelines'][number]['commands'][number];
type SimpleCommand = Extract<Command, { type: 'SimpleCommand' }>;
type Redirection = SimpleCommand['redirections'][number];

/** The one simple command of a source that is parsed for its parts. */
function simpleCommandOf(source: string): SimpleCommand {
  const command = parse(source).statements[0]?.pipelines[0]?.commands[0];
  if (command?.type !== 'SimpleCommand') throw new TypeError(`no simple command: ${source}`);
  return command;
}

const TO_STDOUT: Redirection[] = simpleCommandOf(`: >>${SHELL_STDOUT}`).redirections;
const TO_STDERR: Redirection[] = simpleCommandOf(`: 2>>${SHELL_STDERR}`).redirections;
const exitWithStatus = parse('exit $?').statements;
const OUTPUT_OPERATORS = new Set(['>', '>>', '>&', '>|', '&>', '&>>']);

/**
 * just-bash hands out what a script printed when the script has ended. This rewrites a script so that every command whose
 * output is the script's own, and is not captured or piped, appends it to the shell's output devices as soon as the
 * command has ended. Functions and nested shells show theirs when they return.
 */
export function streamOutput(script: Script): Script {
  const copy = structuredClone(script);
  for (const statement of copy.statements) streamStatement(statement);
  return copy;
}

/** Applies `streamOutput` to the first script that a shell runs, and not to those that this one runs inside itself. */
export function streamFirstScript(): TransformPlugin {
  let isFirst = true;
  return {
    name: 'stream-first-script',
    transform({ ast }) {
      if (!isFirst) return { ast };
      isFirst = false;
      return { ast: streamOutput(ast) };
    },
  };
}

function streamStatement(statement: Statement): void {
  for (const { commands } of statement.pipelines)
    for (const [index, command] of commands.entries()) {
      if (index < commands.length - 1) command.redirections.unshift(...structuredClone(TO_STDERR));
      else commands[index] = streamCommand(command);
    }
}

function streamCommand(command: Command): Command {
  if (command.type === 'FunctionDef') return command;
  if (command.type === 'SimpleCommand') return streamSimple(withFirstParameter(command));
  const bodies = bodiesOf(command);
  const redirected = command.redirections.some(({ operator }) => OUTPUT_OPERATORS.has(operator));
  if (bodies.length === 0 || redirected) return append(command);
  for (const body of bodies) for (const statement of body) streamStatement(statement);
  return command;
}

function append<T extends Command>(command: T): T {
  // First, so that the command's own redirections have the last word.
  command.redirections.unshift(...structuredClone([...TO_STDOUT, ...TO_STDERR]));
  return command;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is shell.
const FIRST_AND_REST = simpleCommandOf('"$1" "${@:2}"');
const ALL_PARAMETERS = JSON.stringify(simpleCommandOf('"$@"').name);

/** just-bash takes `"$@"` in the place of a command for one word: the first parameter becomes the command instead. */
function withFirstParameter(command: SimpleCommand): SimpleCommand {
  const isExec = wordOf(command) === 'exec';
  const word = isExec ? command.args[0] : command.name;
  if (!word || JSON.stringify(word) !== ALL_PARAMETERS) return command;
  const { name, args } = structuredClone(FIRST_AND_REST);
  if (!isExec) return { ...command, name, args: [...args, ...command.args] };
  return { ...command, args: [name as typeof word, ...args, ...command.args.slice(1)] };
}

function wordOf({ name }: SimpleCommand): string | undefined {
  const [part] = name?.parts ?? [];
  return part?.type === 'Literal' ? part.value : undefined;
}

/** `exec COMMAND` never returns; just-bash would go on after it. `exec >FILE` stays as it is. */
function streamSimple(command: SimpleCommand): Command {
  // An assignment prints nothing, and with redirections just-bash forgets the status of what it captured.
  if (!command.name) return command;
  if (wordOf(command) !== 'exec') return append(command);
  const [name, ...args] = command.args;
  if (!name) return command;
  const replaced = append({ ...command, name, args });
  const statement = {
    ...structuredClone(exitWithStatus[0]),
    pipelines: [{ type: 'Pipeline', commands: [replaced], negated: false }],
    operators: [],
  } as unknown as Statement;
  return { type: 'Group', body: [statement, ...structuredClone(exitWithStatus)], redirections: [] };
}

function bodiesOf(command: Command): Statement[][] {
  switch (command.type) {
    case 'If':
      return [...command.clauses.flatMap(({ condition, body }) => [condition, body]), command.elseBody ?? []];
    case 'While':
    case 'Until':
      return [command.condition, command.body];
    case 'For':
    case 'CStyleFor':
    case 'Subshell':
    case 'Group':
      return [command.body];
    case 'Case':
      return command.items.map(({ body }) => body);
    default:
      return [];
  }
}
