// What the readers of instructions share: the arguments in parts, flags, and commands. Pure.
import type { DockerfileError } from './dockerfile-error.ts';
import type { CommandLine } from './instructions.ts';
import type { Heredoc } from './lexer.ts';
import { type EscapeToken, type Flag, jsonList } from './words.ts';

/** What a reader gets: the arguments without flags, and the ways to refuse. */
export interface Parts {
  readonly keyword: string;
  readonly rest: string;
  readonly flags: Flags;
  readonly heredocs: readonly Heredoc[];
  readonly escapeToken: EscapeToken;
  refuse(message: string): DockerfileError;
}

/** The flags of one instruction; what no reader asks for is refused. */
export class Flags {
  readonly #left: Flag[];
  readonly #refuse: (message: string) => DockerfileError;

  constructor(flags: readonly Flag[], refuse: (message: string) => DockerfileError) {
    this.#left = [...flags];
    this.#refuse = refuse;
  }

  all(name: string): string[] {
    const found = this.#left.filter((flag) => flag.name === name);
    for (const flag of found) this.#left.splice(this.#left.indexOf(flag), 1);
    return found.map(({ value }) => {
      if (value === undefined) throw this.#refuse(`missing a value on flag: --${name}`);
      return value;
    });
  }

  one(name: string): string | undefined {
    const values = this.all(name);
    if (values.length > 1) throw this.#refuse(`duplicate flag specified: ${name}`);
    return values[0];
  }

  switch(name: string): boolean | undefined {
    const found = this.#left.find((flag) => flag.name === name);
    if (!found) return undefined;
    this.#left.splice(this.#left.indexOf(found), 1);
    const value = (found.value ?? 'true').toLowerCase();
    if (value !== 'true' && value !== 'false')
      throw this.#refuse(`expecting boolean value for flag ${name}, not: ${found.value}`);
    return value === 'true';
  }

  refuseRest(): void {
    const [left] = this.#left;
    if (left) throw this.#refuse(`unknown flag: --${left.name}`);
  }
}

/** A JSON list, or text for the shell. */
export function commandLine(parts: Pick<Parts, 'rest' | 'refuse'>): CommandLine {
  const json = jsonList(parts.rest);
  if (json === 'not-strings')
    throw parts.refuse('when using JSON array syntax, arrays must be comprised of strings only');
  return json ? { words: json, shell: false } : { words: parts.rest === '' ? [] : [parts.rest], shell: true };
}
