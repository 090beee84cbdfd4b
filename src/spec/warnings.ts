// What a load has to say that does not stop it.
import type { Diagnostic } from '../diagnostics.ts';
import type { Places } from './places.ts';
import { makeDiagnostic, type Path, type ProblemDetails, subjectOf } from './problems.ts';
import type { Mark } from './tree.ts';

interface UnsetUse {
  readonly marks: Set<Mark>;
  readonly path: Path;
}

/** Collects warnings; the same one is kept once. A variable without a value is told once, with all places that use it. */
export class Warnings {
  readonly #places: Places;
  readonly #list: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  readonly #unset = new Map<string, UnsetUse>();

  constructor(places: Places) {
    this.#places = places;
  }

  add(code: string, message: string, path: Path, mark: Mark, details: ProblemDetails = {}): void {
    const diagnostic = makeDiagnostic('warning', this.#places, code, subjectOf(path) + message, mark, details);
    const { position } = diagnostic;
    const key = `${code} ${diagnostic.message} ${position?.file}:${position?.line}:${position?.column}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#list.push(diagnostic);
  }

  unset(variable: string, path: Path, mark: Mark): void {
    const use = this.#unset.get(variable);
    if (!use) this.#unset.set(variable, { marks: new Set([mark]), path: [...path] });
    else use.marks.add(mark);
  }

  /** The warnings, those about variables first; of very many the first five hundred, and how many more there are. */
  all(): Diagnostic[] {
    const variables = [...this.#unset].slice(0, MAX_WARNINGS).map(([name, use]) => this.#unsetDiagnostic(name, use));
    const told = [...variables, ...this.#list].slice(0, MAX_WARNINGS);
    const more = this.#unset.size + this.#list.length - told.length;
    if (more === 0) return told;
    return [...told, { severity: 'warning', code: 'SPEC_TOO_MANY', message: `and ${more} more warnings like these` }];
  }

  #unsetDiagnostic(name: string, { marks, path }: UnsetUse): Diagnostic {
    const [first = 0, ...others] = marks;
    const elsewhere = others.length === 0 ? '' : `, also used at ${this.#listOf(others)}`;
    const message = `${subjectOf(path)}the variable "${name}" is not set, an empty text is used${elsewhere}`;
    const hint = `set it in the environment or in .env, or give a default: \${${name}:-}`;
    return makeDiagnostic('warning', this.#places, 'SPEC_UNSET_VARIABLE', message, first, { hint });
  }

  #listOf(marks: readonly Mark[]): string {
    const shown = marks.slice(0, MAX_SHOWN).map((mark) => {
      const position = this.#places.position(mark);
      return position ? `${position.file}:${position.line}` : 'an unknown place';
    });
    const rest = marks.length - shown.length;
    return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
  }
}

const MAX_SHOWN = 3;
const MAX_WARNINGS = 500;
