// What a command is, as data: name, arguments, flags, and how to load the code that carries it out.
// From this one description come parsing, help, shell completion and the table in docs/cli.md.
import type { CommandContext } from './context.ts';

interface FlagBase {
  /** One letter, without the dash. */
  readonly short?: string;
  readonly help: string;
  /** Accepted, but not shown in the help. */
  readonly hidden?: boolean;
  /** Further long names that mean the same, accepted and not shown. */
  readonly aliases?: readonly string[];
}

/** A flag is named by its key in `Flags`, the long name without dashes. */
export type FlagDeclaration =
  | (FlagBase & { readonly type: 'boolean'; readonly default?: boolean })
  /** A boolean that knows whether it was given: `undefined` when it was not. */
  | (FlagBase & { readonly type: 'tristate'; readonly shownDefault?: string })
  | (FlagBase & {
      readonly type: 'string';
      readonly value?: string;
      readonly default?: string;
      readonly shownDefault?: string;
    })
  | (FlagBase & { readonly type: 'int'; readonly value?: string; readonly default?: number })
  /** Repeatable; every value counts, in order. */
  | (FlagBase & { readonly type: 'list'; readonly value?: string });

export type Flags = { readonly [long: string]: FlagDeclaration };

type ValueOf<D extends FlagDeclaration> = D extends { readonly type: 'boolean' }
  ? boolean
  : D extends { readonly type: 'tristate' }
    ? boolean | undefined
    : D extends { readonly type: 'list' }
      ? readonly string[]
      : D extends { readonly type: 'int' }
        ? D extends { readonly default: number }
          ? number
          : number | undefined
        : D extends { readonly default: string }
          ? string
          : string | undefined;

/** The values of a command's flags, by long name: `flags['no-deps']`. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** Carries a command out; resolves with the exit code. */
export type CommandRun<F extends Flags> = (
  context: CommandContext,
  flags: FlagValues<F>,
  args: readonly string[],
) => Promise<number>;

export interface CommandDeclaration<F extends Flags = Flags> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What follows the name in the usage line: `[OPTIONS] [SERVICE...]`. */
  readonly usage: string;
  readonly summary: string;
  /** Further paragraphs for the command's own help. */
  readonly description?: string;
  readonly hidden?: boolean;
  /** How many arguments it takes; `max` absent = any number. */
  readonly args: { readonly min: number; readonly max?: number };
  /** What the arguments name, for completion. */
  readonly completes?: 'services' | 'service-then-files' | 'none';
  /** Flags end at the first argument, as for `run` and `exec`. */
  readonly passThrough?: boolean;
  readonly flags: F;
  readonly load: () => Promise<{ readonly run: CommandRun<F> }>;
}

export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly hidden?: boolean;
  readonly commands: readonly AnyCommand[];
  /** Words that stand below this one, as `bridge transformations`. */
  readonly groups?: readonly CommandGroup[];
}

/** A declaration whose flag types are forgotten, so that commands of all kinds fit one list. */
export type AnyCommand = Omit<CommandDeclaration, 'load'> & {
  readonly start: (
    context: CommandContext,
    flags: Readonly<Record<string, unknown>>,
    args: readonly string[],
  ) => Promise<number>;
};

/** Checks a declaration against the types of the code it loads. */
export function declareCommand<F extends Flags>(declaration: CommandDeclaration<F>): AnyCommand {
  const { load, ...rest } = declaration;
  return {
    ...rest,
    async start(context, flags, args) {
      const { run } = await load();
      // The parser fills every flag of the declaration with a value of its declared type.
      return run(context, flags as FlagValues<F>, args);
    },
  };
}
