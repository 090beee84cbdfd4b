// Build arguments: which are known where, and what they are worth. A stage knows those it declares; FROM knows those before
// the first stage; the proxies are known everywhere and leave no trace. Pure but for what it keeps.

/** Known without ARG, in commands alone; their values are in no history and no cache key. */
const PREDEFINED = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
);

/** Means something to the builder itself: when everything is to have been made. */
export const EPOCH = 'SOURCE_DATE_EPOCH';

export class BuildArgs {
  /** What the client gave, by name. */
  readonly #given: ReadonlyMap<string, string>;
  /** Values of arguments declared before the first FROM, and what the platform sets. */
  readonly #globals = new Map<string, string | undefined>();
  readonly #platform: ReadonlyMap<string, string>;
  readonly #declared = new Map<string, string | undefined>();
  readonly #consumed: Set<string>;

  constructor(given: ReadonlyMap<string, string>, platform: ReadonlyMap<string, string>, consumed = new Set<string>()) {
    this.#given = given;
    this.#platform = platform;
    this.#consumed = consumed;
  }

  /** For a stage: the same given values, nothing declared yet. */
  forStage(): BuildArgs {
    const stage = new BuildArgs(this.#given, this.#platform, this.#consumed);
    for (const [name, value] of this.#globals) stage.#globals.set(name, value);
    return stage;
  }

  /** ARG before the first FROM. */
  declareGlobal(name: string, fallback: string | undefined): void {
    this.#consumed.add(name);
    this.#globals.set(name, this.#given.get(name) ?? fallback);
  }

  /** ARG in a stage. Without a value of its own it takes the global one. */
  declare(name: string, fallback: string | undefined): void {
    this.#consumed.add(name);
    this.#declared.set(name, this.#given.get(name) ?? fallback ?? this.#globals.get(name) ?? this.#platform.get(name));
  }

  /** What FROM and the values of global arguments may use. */
  globals(): Map<string, string> {
    const platform = [...this.#platform].filter(([name]) => !this.#globals.has(name));
    return new Map([...platform, ...[...this.#globals].flatMap(([name, value]) => entry(name, value))]);
  }

  /** Variables of a stage: its declared arguments under its environment, which wins. */
  variables(environment: readonly string[]): Map<string, string> {
    const variables = new Map([...this.#declared].flatMap(([name, value]) => entry(name, value)));
    for (const text of environment) {
      const equals = text.indexOf('=');
      variables.set(equals < 0 ? text : text.slice(0, equals), equals < 0 ? '' : text.slice(equals + 1));
    }
    return variables;
  }

  /** Arguments that a command gets beside its environment: `visible` ones go into history and cache key. */
  forCommand(environment: readonly string[]): { readonly visible: string[]; readonly silent: string[] } {
    const taken = new Set(environment.map((text) => text.split('=', 1)[0]));
    const visible = [...this.#declared]
      .filter(([name, value]) => value !== undefined && !taken.has(name))
      .map(([name, value]) => `${name}=${value}`)
      .sort();
    const silent = [...this.#given]
      .filter(([name]) => PREDEFINED.has(name) && !this.#declared.has(name) && !taken.has(name))
      .map(([name, value]) => `${name}=${value}`);
    return { visible, silent };
  }

  /** Given and used nowhere. */
  leftOver(): string[] {
    return [...this.#given.keys()]
      .filter((name) => !this.#consumed.has(name) && !PREDEFINED.has(name) && name !== EPOCH)
      .sort();
  }
}

const entry = (name: string, value: string | undefined): [string, string][] =>
  value === undefined ? [] : [[name, value]];

/** TARGETPLATFORM and its like, of `linux/arm64/v8`. */
export function platformArgs(target: string, build: string, stage: string): Map<string, string> {
  const parts = (prefix: string, platform: string): [string, string][] => {
    const [os = '', architecture = '', variant = ''] = platform.split('/');
    return [
      [`${prefix}PLATFORM`, platform],
      [`${prefix}OS`, os],
      [`${prefix}ARCH`, architecture],
      [`${prefix}VARIANT`, variant],
    ];
  };
  return new Map([...parts('BUILD', build), ...parts('TARGET', target), ['TARGETSTAGE', stage]]);
}
