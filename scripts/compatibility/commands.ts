// Commands and flags of docker compose's `--help` that windlass's declarations lack.
import type { AnyCommand, CommandGroup, Flags } from '../../src/cli/declaration.ts';
import { commandGroups, commands } from '../../src/cli/declarations/index.ts';
import { globalFlags } from '../../src/cli/globals.ts';
import { allFlags } from '../../src/cli/program.ts';
import { must } from '../ground/run.ts';

interface Help {
  readonly commands: readonly string[];
  /** `--name` and `-n`. */
  readonly flags: readonly string[];
}

/** What a `--help` text lists. */
export function readHelp(text: string): Help {
  const found = { commands: [] as string[], flags: [] as string[] };
  let list: 'commands' | 'flags' | undefined;
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line))
      list = /commands:$/i.test(line) ? 'commands' : /options:$/i.test(line) ? 'flags' : undefined;
    const [, name] = /^ {2}([a-z]\S*) {2,}/.exec(line) ?? [];
    if (list === 'commands' && name !== undefined) found.commands.push(name.replace(/\*$/, ''));
    const [, short, long] = /^ {2,6}(?:(-\w), )?(--[\w-]+)/.exec(line) ?? [];
    if (list === 'flags') found.flags.push(...[short, long].filter((flag) => flag !== undefined));
  }
  return found;
}

/** A sentence and, where something is missing, a list. */
export async function comparedCommands(peer: string): Promise<string> {
  const missing: string[] = [];
  let [commandCount, flagCount] = [0, 0];
  const visit = async (path: readonly string[]): Promise<void> => {
    const help = readHelp(await must(peer, [...path, '--help']));
    const ours = path.length === 0 ? namesOf(globalFlags) : flagsAt(path);
    if (path.length > 0) commandCount++;
    if (ours === undefined) missing.push(`\`${path.join(' ')}\``);
    else {
      for (const flag of help.flags) {
        flagCount++;
        if (!ours.includes(flag) && flag !== '--help') missing.push(`\`${[...path, flag].join(' ')}\``);
      }
    }
    for (const name of help.commands) await visit([...path, name]);
  };
  await visit([]);
  const head = `docker compose's \`--help\` lists ${commandCount} commands and ${flagCount} flags.`;
  return missing.length === 0
    ? `${head} windlass has all of them.`
    : `${head} windlass lacks:\n\n- ${missing.join('\n- ')}`;
}

const namesOf = (flags: Flags): string[] =>
  Object.entries(flags).flatMap(([key, { short, aliases = [] }]) => [
    ...[key, ...aliases].map((name) => `--${name}`),
    ...(short === undefined ? [] : [`-${short}`]),
  ]);

/** The flags of a command; those of every command for a word with commands below it; undefined where there is neither. */
function flagsAt(path: readonly string[]): string[] | undefined {
  let [inCommands, inGroups]: [readonly AnyCommand[], readonly CommandGroup[]] = [commands, commandGroups];
  for (const [index, name] of path.entries()) {
    const command = inCommands.find((one) => one.name === name || one.aliases?.includes(name));
    if (command && index === path.length - 1) return namesOf(allFlags(command));
    const group = inGroups.find((one) => one.name === name);
    if (!group) return undefined;
    [inCommands, inGroups] = [group.commands, group.groups ?? []];
  }
  return ['--dry-run'];
}
