// Collects what is wrong in one phase, so that all of it is told at once.
import { type Diagnostic, type Severity, SpecError } from '../diagnostics.ts';
import type { Places } from './places.ts';
import type { Mark } from './tree.ts';

/** Where a value is in the tree: keys, and numbers for items of lists. */
export type Path = readonly (string | number)[];

export interface ProblemDetails {
  /** Whether the message is about the key or the value at the mark. */
  readonly part?: 'key' | 'value';
  readonly hint?: string | undefined;
}

const SECTIONS: Readonly<Record<string, string>> = {
  services: 'service',
  networks: 'network',
  volumes: 'volume',
  secrets: 'secret',
  configs: 'config',
  models: 'model',
};

/** `service "web": `, or nothing where the path leads to no named resource. */
export function subjectOf(path: Path): string {
  const section = SECTIONS[String(path[0])];
  return section !== undefined && path.length > 1 ? `${section} "${path[1]}": ` : '';
}

/** `build.args[0]`: the path below the named resource, or the whole of it. */
export function pathText(path: Path): string {
  const rest = subjectOf(path) === '' ? path : path.slice(2);
  return rest.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

/** Whoever has made more mistakes than this has made one of them very often. */
const MAX_PROBLEMS = 500;

export class Problems {
  readonly #places: Places;
  readonly #errors: Diagnostic[] = [];

  constructor(places: Places) {
    this.#places = places;
  }

  get any(): boolean {
    return this.#errors.length > 0;
  }

  /** Adds an error about the value at `path`; the message is prefixed with the resource it belongs to. */
  add(code: string, message: string, path: Path, mark: Mark, details: ProblemDetails = {}): void {
    this.addAll([makeDiagnostic('error', this.#places, code, subjectOf(path) + message, mark, details)]);
  }

  /** @throws SpecError when there are too many to go on: the first five hundred, and that there may be more. */
  addAll(diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) this.#errors.push(diagnostic);
    if (this.#errors.length < MAX_PROBLEMS) return;
    const message = `that is ${MAX_PROBLEMS} problems; there may be more`;
    this.#errors.length = MAX_PROBLEMS;
    throw new SpecError([
      ...this.#errors,
      { severity: 'error', code: 'SPEC_TOO_MANY', message, hint: 'put these right first' },
    ]);
  }

  /** Ends the phase: throws what was collected. */
  throwIfAny(): void {
    if (this.any) throw new SpecError(this.#errors);
  }
}

/** What `read` gives; an error of a file that it cannot read is said of the value at `mark` that names the file. */
export function placed<T>(places: Places, path: Path, mark: Mark, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SpecError) || error.diagnostics.every(({ position }) => position)) throw error;
    throw new SpecError(
      error.diagnostics.map((diagnostic) =>
        diagnostic.position
          ? diagnostic
          : makeDiagnostic('error', places, diagnostic.code, subjectOf(path) + diagnostic.message, mark, {
              hint: diagnostic.hint,
            }),
      ),
    );
  }
}

/** A diagnostic with its place and the source line there. */
export function makeDiagnostic(
  severity: Severity,
  places: Places,
  code: string,
  message: string,
  mark: Mark,
  details: ProblemDetails = {},
): Diagnostic {
  const position = places.position(mark, details.part);
  const excerpt = position && places.excerpt(position);
  return { severity, code, message, position, excerpt, ...(details.hint === undefined ? {} : { hint: details.hint }) };
}
