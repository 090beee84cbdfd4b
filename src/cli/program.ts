// The command line: which command, with which flags and arguments. Runs nothing.
//
// How to add a command
//   1. Describe it in declarations/<group>.ts: a `…Flags` object and a `declareCommand({...})` in the group's list, with
//      `load: () => import('../commands/<name>.ts')`. Nothing else may be imported there: what is described is loaded at every
//      start, what is loaded only when the command runs. Flags are keyed by their long name; `--dry-run` and `--help` are added
//      to every command.
//   2. Write commands/<name>.ts with
//        export const run: CommandRun<typeof nameFlags> = async (context, flags, args) => { …; return 0; };
//      It gets the project, the engine, the streams and the signal from `context` (context.ts), writes data to
//      context.io.stdout and everything else to context.io.stderr, resolves with the exit code, and throws a WindlassError for
//      an expected failure. Only main.ts ends the process. Heavy imports (planner, engine) are `await import()`ed inside `run`.
//      commands/pause.ts is a short example; output/progress.ts shows how steps are shown.
//   3. Test it in test/cli/, and against a real engine in test/e2e/.
import { Command, CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { nearest } from '../suggest.ts';
import type { AnyCommand, CommandGroup, Flags, FlagValues } from './declaration.ts';
import { commandGroups, commands } from './declarations/index.ts';
import { addFlags } from './flag.ts';
import { DRY_RUN, globalFlags } from './globals.ts';
import { commandHelp, groupHelp, type HelpStyle, programHelp, usageLine } from './help.ts';

type GlobalFlags = FlagValues<typeof globalFlags>;

/** What the command line asks for: a text to print, or a command to run. */
export type Invocation =
  | { readonly kind: 'text'; readonly text: string; readonly error?: string; readonly exitCode: number }
  | {
      readonly kind: 'command';
      readonly command: AnyCommand;
      readonly globals: GlobalFlags;
      readonly flags: Readonly<Record<string, unknown>>;
      readonly args: readonly string[];
    };

/** A command's flags with those every command has. */
export const allFlags = (command: AnyCommand): Flags => ({ ...command.flags, 'dry-run': DRY_RUN });

/** Reads the arguments after the program's name. Throws UsageError. */
export function parseCommandLine(argv: readonly string[], style: HelpStyle): Invocation {
  let found: Invocation | undefined;
  const root = quiet(new Command('windlass'))
    .enablePositionalOptions()
    .argument('[command...]')
    .helpCommand(false)
    .helpOption('-h, --help');
  addFlags(root, globalFlags, argv);
  const globals = () => root.opts<GlobalFlags>();
  const help = () => programHelp(globalFlags, commands, commandGroups, style);
  root.helpInformation = help;
  root.action((args: string[]) => {
    found = withoutCommand(args, globals().version, help(), style);
  });

  // Making commander's forty commands would take longer than running the one that is meant.
  const isMeant = (names: readonly string[]) => names.some((name) => argv.includes(name));
  const add = (parent: Command, command: AnyCommand, path: string) => {
    if (!isMeant([command.name, ...(command.aliases ?? [])])) return;
    const flags = allFlags(command);
    const node = quiet(new Command(command.name))
      .aliases([...(command.aliases ?? [])])
      .argument('[args...]')
      .helpOption('-h, --help')
      .passThroughOptions(command.passThrough === true);
    addFlags(node, flags, argv);
    node.helpInformation = () => commandHelp(command, path, flags, style);
    node.action((args: string[]) => {
      checkArgumentCount(command, path, args, style);
      const values = node.opts<Record<string, unknown>>();
      found = { kind: 'command', command, globals: withLateFlags(globals(), values), flags: values, args };
    });
    parent.addCommand(node);
  };
  for (const command of commands) add(root, command, command.name);
  const addGroup = (parent: Command, group: CommandGroup, path: string) => {
    if (!isMeant([group.name])) return;
    const node = quiet(new Command(group.name)).helpCommand(false).helpOption('-h, --help').argument('[command...]');
    node.helpInformation = () => groupHelp(group, path, style);
    node.action((args: string[]) => {
      found =
        args.length === 0
          ? { kind: 'text', text: groupHelp(group, path, style), exitCode: 0 }
          : unknownCommand(`${path} ${args[0]}`, groupHelp(group, path, style), style);
    });
    for (const command of group.commands) add(node, command, `${path} ${command.name}`);
    for (const inner of group.groups ?? []) addGroup(node, inner, `${path} ${inner.name}`);
    parent.addCommand(node);
  };
  for (const group of commandGroups) addGroup(root, group, group.name);

  let shown = '';
  for (const node of descendants(root))
    node.configureOutput({ writeOut: (text) => (shown += text), writeErr: () => {} });
  try {
    root.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { kind: 'text', text: shown, exitCode: 0 };
    throw inDockerWords(error, root);
  }
  return found ?? { kind: 'text', text: help(), exitCode: 0 };
}

/** Two global flags may stand behind the command as well: `--dry-run`, and `--progress` behind `build`. */
const withLateFlags = (globals: GlobalFlags, values: Readonly<Record<string, unknown>>): GlobalFlags => ({
  ...globals,
  'dry-run': globals['dry-run'] || values['dry-run'] === true,
  progress: typeof values.progress === 'string' ? values.progress : globals.progress,
});

/** Makes commander throw instead of ending the process. */
const quiet = (command: Command): Command => command.exitOverride();

const descendants = (command: Command): Command[] => [command, ...command.commands.flatMap(descendants)];

function withoutCommand(args: readonly string[], version: boolean, help: string, style: HelpStyle): Invocation {
  const [name, ...rest] = args;
  if (version) return parseCommandLine(['version'], style);
  if (name === undefined) return { kind: 'text', text: help, exitCode: 0 };
  if (name === 'help')
    return rest.length === 0 ? { kind: 'text', text: help, exitCode: 0 } : parseCommandLine([...rest, '--help'], style);
  return unknownCommand(name, help, style);
}

/** Under its own name windlass speaks for itself; as `docker compose` it uses the words that scripts may look for. */
function unknownCommand(name: string, help: string, { program }: HelpStyle): Invocation {
  const known = [...commands, ...commandGroups].filter((item) => item.hidden !== true).map((item) => item.name);
  const guess = nearest(name, known);
  const what =
    program === 'windlass' ? `unknown command "${name}" for "windlass"` : `unknown docker command: "compose ${name}"`;
  const error = `${what}${guess === undefined ? '' : `\n  hint: did you mean "${guess}"?`}`;
  return { kind: 'text', text: help, error, exitCode: 1 };
}

function checkArgumentCount(command: AnyCommand, path: string, args: readonly string[], style: HelpStyle): void {
  const { min, max } = command.args;
  const hint = usageLine(command, path, style.program).replace('Usage:  ', 'usage: ');
  if (args.length < min)
    throw new UsageError(`requires at least ${min} arg(s), only received ${args.length}`, { hint });
  if (max !== undefined && args.length > max)
    throw new UsageError(
      max === 0
        ? `unknown command "${args[0]}" for "${style.program} ${path}"`
        : `accepts at most ${max} arg(s), received ${args.length}`,
      { hint },
    );
}

/** commander's errors in the words scripts know from docker compose. */
function inDockerWords(error: CommanderError, root: Command): UsageError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const long = /--[\w-]+/.exec(quoted)?.[0] ?? quoted;
  if (error.code === 'commander.optionMissingArgument') {
    const short = /^-(\w),/.exec(quoted)?.[1];
    return new UsageError(
      short === undefined ? `flag needs an argument: ${long}` : `flag needs an argument: '${short}' in -${short}`,
    );
  }
  if (error.code !== 'commander.unknownOption') return new UsageError(error.message.replace(/^error: /, ''));
  const name = quoted.split('=')[0] ?? quoted;
  const isGlobal = Object.entries(globalFlags).some(
    ([key, flag]) => name === `--${key}` || (!name.startsWith('--') && 'short' in flag && flag.short === name[1]),
  );
  const misplaced = isGlobal
    ? { hint: `"${name.slice(0, name.startsWith('--') ? undefined : 2)}" is a global flag: put it before the command` }
    : {};
  if (!name.startsWith('--'))
    return new UsageError(`unknown shorthand flag: '${quoted[1] ?? ''}' in ${quoted}`, misplaced);
  if (isGlobal) return new UsageError(`unknown flag: ${name}`, misplaced);
  const known = descendants(root).flatMap((node) => node.options.map((option) => option.long ?? ''));
  const guess = nearest(name, known);
  return new UsageError(`unknown flag: ${name}`, guess === undefined ? {} : { hint: `did you mean "${guess}"?` });
}
