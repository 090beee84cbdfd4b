// Reads a command line that is still being written: where is the cursor, and what may stand there. Pure.
import type { AnyCommand, CommandGroup, FlagDeclaration, Flags } from '../declaration.ts';

/** What is being completed. */
export type Position =
  | { readonly kind: 'command' }
  | { readonly kind: 'group'; readonly group: CommandGroup }
  | { readonly kind: 'flag'; readonly flags: Flags }
  /** `key` is the flag's long name; `written` stands before the value in the same word: `--file=`. */
  | { readonly kind: 'value'; readonly key: string; readonly flag: FlagDeclaration; readonly written: string }
  | { readonly kind: 'argument'; readonly index: number };

export interface Walked {
  readonly position: Position;
  readonly command: AnyCommand | undefined;
  /** Values of the global flags before the cursor, by long name. */
  readonly globals: ReadonlyMap<string, readonly string[]>;
  /** The arguments before the cursor. */
  readonly args: readonly string[];
}

export interface Grammar {
  readonly globals: Flags;
  readonly commands: readonly AnyCommand[];
  readonly groups: readonly CommandGroup[];
  /** A command's own flags and those that every command has. */
  readonly flagsOf: (command: AnyCommand) => Flags;
}

const takesValue = (flag: FlagDeclaration): boolean => flag.type !== 'boolean' && flag.type !== 'tristate';

/** The flag that `--name` or the last letter of `-xyz` means. */
function findFlag(flags: Flags, word: string): readonly [string, FlagDeclaration] | undefined {
  const entries = Object.entries(flags);
  if (word.startsWith('--'))
    return entries.find(([key, flag]) => [key, ...(flag.aliases ?? [])].includes(word.slice(2)));
  const letter = word.at(-1) ?? '';
  return entries.find(([, flag]) => flag.short === letter);
}

/** `words` are those after the program's name; the last one is being written, and may be empty. */
export function walk(words: readonly string[], grammar: Grammar): Walked {
  const globals = new Map<string, string[]>();
  const args: string[] = [];
  const current = words.at(-1) ?? '';
  let command: AnyCommand | undefined;
  let group: CommandGroup | undefined;
  let onlyArguments = false;
  const flagsNow = (): Flags => (command === undefined ? grammar.globals : grammar.flagsOf(command));
  const note = (key: string, value: string) => {
    if (command === undefined) globals.set(key, [...(globals.get(key) ?? []), value]);
  };

  const before = words.slice(0, -1);
  for (let at = 0; at < before.length; at++) {
    const word = before[at] ?? '';
    if (onlyArguments || !word.startsWith('-') || word === '-') {
      if (command !== undefined) args.push(word);
      else if (group !== undefined) {
        command = group.commands.find(({ name, aliases }) => name === word || aliases?.includes(word));
        group = group.groups?.find(({ name }) => name === word) ?? group;
      } else {
        command = grammar.commands.find(({ name, aliases }) => name === word || aliases?.includes(word));
        group = grammar.groups.find(({ name }) => name === word);
      }
      onlyArguments ||= command?.passThrough === true && args.length > 0;
      continue;
    }
    if (word === '--') {
      onlyArguments = true;
      continue;
    }
    const [name = '', written] = splitFlag(word);
    const found = findFlag(flagsNow(), name);
    if (found === undefined || !takesValue(found[1])) continue;
    if (written !== undefined) note(found[0], written);
    else if (at + 1 < before.length) note(found[0], before[++at] ?? '');
    else return { position: { kind: 'value', key: found[0], flag: found[1], written: '' }, command, globals, args };
  }
  return {
    position: positionOf(current, { onlyArguments, command, group, flags: flagsNow(), args }),
    command,
    globals,
    args,
  };
}

const splitFlag = (word: string): [string, string | undefined] => {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
};

function positionOf(
  current: string,
  state: {
    readonly onlyArguments: boolean;
    readonly command: AnyCommand | undefined;
    readonly group: CommandGroup | undefined;
    readonly flags: Flags;
    readonly args: readonly string[];
  },
): Position {
  const { command, group, flags, args } = state;
  if (!state.onlyArguments && current.startsWith('-')) {
    const [name, written] = splitFlag(current);
    const found = written === undefined ? undefined : findFlag(flags, name);
    if (found !== undefined) return { kind: 'value', key: found[0], flag: found[1], written: `${name}=` };
    return { kind: 'flag', flags };
  }
  if (command !== undefined) return { kind: 'argument', index: args.length };
  return group === undefined ? { kind: 'command' } : { kind: 'group', group };
}
