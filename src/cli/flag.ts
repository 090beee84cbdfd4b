// Our flags as commander options, read the way docker compose (pflag) reads them: `--detach=false` works, a flag keeps its own
// name (`--no-deps` is not the opposite of a `--deps`), and wrong values are told in docker compose's words.
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { FlagDeclaration, Flags } from './declaration.ts';

/** pflag's names for the kinds of value, shown in the help. */
const VALUE_NAME = { string: 'string', int: 'int', list: 'stringArray' } as const;

const TRUE = /^(1|t|T|true|TRUE|True)$/;
const FALSE = /^(0|f|F|false|FALSE|False)$/;

class Flag extends Option {
  readonly #key: string;

  constructor(key: string, text: string) {
    super(text);
    this.#key = key;
    // commander would make `--no-x` set `x` to false.
    this.negate = false;
  }

  override attributeName(): string {
    return this.#key;
  }
}

/** `string`, `int`, …; undefined for flags without a value. */
export function valueName(flag: FlagDeclaration): string | undefined {
  return flag.type === 'boolean' || flag.type === 'tristate' ? undefined : (flag.value ?? VALUE_NAME[flag.type]);
}

/** `-t, --timeout`, as messages name a flag. */
const flagTitle = (key: string, flag: FlagDeclaration): string =>
  flag.short === undefined ? `--${key}` : `-${flag.short}, --${key}`;

/** Registers every flag of a declaration; `argv` is looked through for booleans with a written value. */
export function addFlags(command: Command, flags: Flags, argv: readonly string[]): void {
  for (const [key, flag] of Object.entries(flags)) {
    for (const [index, name] of [key, ...(flag.aliases ?? [])].entries())
      command.addOption(optionFor(key, name, flag, index === 0 ? flag.short : undefined, argv));
    command.setOptionValue(key, initialValue(flag));
    if (valueName(flag) === undefined) addWrittenBooleans(command, key, flag, argv);
  }
}

function initialValue(flag: FlagDeclaration): unknown {
  if (flag.type === 'list') return [];
  if (flag.type === 'boolean') return flag.default ?? false;
  return flag.type === 'tristate' ? undefined : flag.default;
}

function optionFor(
  key: string,
  name: string,
  flag: FlagDeclaration,
  short: string | undefined,
  argv: readonly string[],
): Option {
  const value = valueName(flag) === undefined ? '' : ' <value>';
  const option = new Flag(key, `${short === undefined ? '' : `-${short}, `}--${name}${value}`);
  if (value === '') return option;
  return option.argParser((raw: string, previous: unknown) => {
    // pflag takes `-f=x` for `-f x`; commander leaves the sign.
    const text = short !== undefined && raw.startsWith('=') && argv.includes(`-${short}${raw}`) ? raw.slice(1) : raw;
    if (flag.type === 'list') return [...(Array.isArray(previous) ? previous : []), text];
    return flag.type === 'int' ? integer(text, key, flag) : text;
  });
}

function integer(text: string, key: string, flag: FlagDeclaration): number {
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new UsageError(
      `invalid argument "${text}" for "${flagTitle(key, flag)}" flag: strconv.ParseInt: parsing "${text}": invalid syntax`,
      { hint: 'give a whole number' },
    );
  return Number(text);
}

/** Registers `--detach=false` and the like as flags of their own, for those that the command line contains. */
function addWrittenBooleans(command: Command, key: string, flag: FlagDeclaration, argv: readonly string[]): void {
  const heads = [key, ...(flag.aliases ?? [])].map((name) => `--${name}=`);
  if (flag.short !== undefined) heads.push(`-${flag.short}=`);
  for (const token of new Set(argv)) {
    const head = heads.find((start) => token.startsWith(start));
    if (head === undefined) continue;
    const text = token.slice(head.length);
    const value = TRUE.test(text) ? true : FALSE.test(text) ? false : undefined;
    // Matched before commander cuts at the sign. A short one needs a long name to be an option at all.
    const option = new Flag(key, head.startsWith('--') ? token : `--${key}=${text}`);
    if (!head.startsWith('--')) option.short = token;
    option.preset(text).argParser(() => {
      if (value !== undefined) return value;
      throw new UsageError(
        `invalid argument "${text}" for "${flagTitle(key, flag)}" flag: strconv.ParseBool: parsing "${text}": invalid syntax`,
        { hint: 'give true or false, or leave the value out' },
      );
    });
    command.addOption(option);
  }
}
