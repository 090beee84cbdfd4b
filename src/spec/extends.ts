// `extends`: a service on top of another one, of the same file or of another. The base is resolved first, however long the chain.

import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { suggestion } from '../suggest.ts';
import { mergeModels, mergeServices } from './merge.ts';
import { canonicalise, documentsOf, type LoadState, substituteVariables } from './model-loader.ts';
import { type Path, Problems, placed } from './problems.ts';
import type { Resets } from './read-yaml.ts';
import { applyResets, resetsOfService } from './resets.ts';
import type { Environment } from './resolve-environment.ts';
import { resolvePaths } from './resolve-paths.ts';
import {
  copyMapping,
  drop,
  isMapping,
  kindOf,
  type Mapping,
  type Mark,
  markOf,
  newMapping,
  type Value,
} from './tree.ts';
import { enforceUnicity } from './unicity.ts';

export interface ExtendsContext {
  /** Absolute path of the file whose document this is. */
  readonly file: string;
  /** Absolute directory that `file:` is relative to. */
  readonly directory: string;
  readonly resets: Resets | undefined;
  readonly environment: Environment;
  readonly state: LoadState;
}

/** The services that a reference can lead to, and what their document resets. */
interface Scope {
  readonly file: string;
  readonly services: Mapping;
  readonly resets: Resets | undefined;
  /** Services whose `extends` has been worked out. */
  readonly done: Map<string, Value>;
}

/** Where the services are, if not below "services". */
function servicesHint(document: Mapping): string {
  const misplaced = Object.keys(document).find((key) => {
    const value = document[key];
    return isMapping(value) && (value.image !== undefined || value.build !== undefined);
  });
  if (misplaced !== undefined) return `indent "${misplaced}" below it`;
  return 'write "name:" for each service below it, and its attributes below that';
}

/** A document whose services stand for themselves. */
export function applyExtends(document: Mapping, context: ExtendsContext): Mapping {
  const { services } = document;
  if (services === undefined) return document;
  const problems = new Problems(context.state.places);
  if (!isMapping(services)) {
    const found = services === null ? 'empty' : `a ${kindOf(services)}`;
    problems.add(
      'SPEC_TYPE',
      `"services" must be a mapping, not ${found}`,
      ['services'],
      markOf(document, 'services'),
      {
        hint: servicesHint(document),
      },
    );
    problems.throwIfAny();
    return document;
  }
  const scope: Scope = { file: context.file, services, resets: context.resets, done: new Map() };
  const resolver = new ExtendsResolver(context, problems);
  let out: Mapping | undefined;
  for (const name of Object.keys(services)) {
    const resolved = resolver.resolve(name, scope, []);
    if (resolved === services[name]) continue;
    out ??= copyMapping(services);
    out[name] = resolved;
  }
  problems.throwIfAny();
  if (!out) return document;
  const result = copyMapping(document);
  result.services = out;
  return result;
}

/** Longer than any chain that people write; guards the stack. */
const MAX_CHAIN = 200;

class ExtendsResolver {
  readonly #context: ExtendsContext;
  readonly #problems: Problems;

  constructor(context: ExtendsContext, problems: Problems) {
    this.#context = context;
    this.#problems = problems;
  }

  /** The service with its base merged in. `chain` names the services that led here, for cycles. */
  resolve(name: string, scope: Scope, chain: readonly string[]): Value {
    const known = scope.done.get(name);
    if (known !== undefined) return known;
    const resolved = this.#resolve(name, scope, chain);
    scope.done.set(name, resolved);
    return resolved;
  }

  #resolve(name: string, scope: Scope, chain: readonly string[]): Value {
    const service = scope.services[name] as Value;
    const path = ['services', name];
    const mark = markOf(scope.services, name);
    if (service === null) return null;
    if (!isMapping(service)) {
      const hint = typeof service === 'string' ? `write "image: ${service}" below "${name}"` : undefined;
      this.#problems.add('SPEC_TYPE', `must be a mapping, not a ${kindOf(service)}`, path, mark, { hint });
      return service;
    }
    if (service.extends === undefined) return service;
    const reference = this.#reference(service, path);
    if (!reference) return service;
    const link = `"${name}" in ${this.#context.state.displayName(scope.file)}`;
    if (chain.includes(link)) {
      const message = `"extends" leads in a circle: ${[...chain.slice(chain.indexOf(link)), link].join(' → ')}`;
      this.#problems.add('SPEC_EXTENDS_CYCLE', message, path, reference.mark, {
        hint: 'remove one of these "extends"',
      });
      return service;
    }
    if (chain.length >= MAX_CHAIN) {
      this.#problems.add('SPEC_EXTENDS', `more than ${MAX_CHAIN} services extend one another`, path, reference.mark);
      return service;
    }
    const base = this.#base(reference, name, scope, [...chain, link]);
    if (!isMapping(base)) return service;
    const resets = resetsOfService(scope.resets, name);
    const merged = mergeServices(
      resets instanceof Map ? applyResets(base, resets) : base,
      service,
      name,
      this.#problems,
    );
    const out = copyMapping(merged);
    drop(out, 'extends');
    return out;
  }

  #reference(service: Mapping, path: Path): Reference | undefined {
    const { extends: value } = service;
    const mark = markOf(service, 'extends');
    if (typeof value === 'string') return { service: value, file: undefined, mark, fileMark: mark };
    const at = [...path, 'extends'];
    if (!isMapping(value)) {
      this.#problems.add(
        'SPEC_TYPE',
        `"extends" must be a service name or a mapping, not a ${kindOf(value)}`,
        at,
        mark,
      );
      return undefined;
    }
    const { service: name, file = null } = value;
    if (typeof name !== 'string') {
      this.#problems.add('SPEC_MISSING', '"extends" needs a "service"', at, mark, {
        hint: 'name the service to extend',
      });
      return undefined;
    }
    if (file !== null && typeof file !== 'string') {
      this.#problems.add(
        'SPEC_TYPE',
        `"extends.file" must be a path, not a ${kindOf(file)}`,
        at,
        markOf(value, 'file'),
      );
      return undefined;
    }
    const fileMark = markOf(value, 'file') || mark;
    return { service: name, file: file ?? undefined, mark: markOf(value, 'service') || mark, fileMark };
  }

  #base(reference: Reference, name: string, scope: Scope, chain: readonly string[]): Value {
    const target = reference.file === undefined ? scope : this.#otherFile(reference.file, reference.fileMark);
    if (target.services[reference.service] === undefined) {
      const file = this.#context.state.displayName(target.file);
      const message = `extends service "${reference.service}", which "${file}" does not declare`;
      const hint = suggestion(reference.service, Object.keys(target.services), 'declare it there');
      this.#problems.add('SPEC_EXTENDS', message, ['services', name, 'extends'], reference.mark, { hint });
      return null;
    }
    return this.resolve(reference.service, target, chain);
  }

  /** The services of another file, canonical and with their paths relative to this one's directory. */
  #otherFile(reference: string, mark: Mark): Scope {
    const { state, directory, environment } = this.#context;
    const copy = state.copies.pathOf(reference, state.places, mark);
    const path = copy ?? (isAbsolute(reference) ? reference : join(directory, reference));
    const base = relativeDirectory(path, directory);
    const key = `${path}\0${base}`;
    let scope = this.#scopes.get(key);
    if (!scope) {
      const extended = placed(state.places, [], mark, () => loadExtended(path, base, environment, state));
      scope = { file: path, ...extended, done: new Map() };
      this.#scopes.set(key, scope);
    }
    return scope;
  }

  readonly #scopes = new Map<string, Scope>();
}

interface Reference {
  readonly service: string;
  readonly file: string | undefined;
  readonly mark: Mark;
  readonly fileMark: Mark;
}

/** A file's services for others to extend: neither validated, nor with its own includes and `extends` applied. */
function loadExtended(
  path: string,
  base: string,
  environment: Environment,
  state: LoadState,
): { services: Mapping; resets: Resets | undefined } {
  let model = newMapping();
  let resets: Resets | undefined;
  for (const document of documentsOf(path, state)) {
    const problems = new Problems(state.places);
    const layer = substituteVariables(document.root, environment, state);
    model = applyResets(model, document.resets);
    model = Object.keys(model).length === 0 ? layer : mergeModels(model, layer, problems);
    model = enforceUnicity(model, problems);
    problems.throwIfAny();
    model = canonicalise(model, state);
    resets = document.resets;
  }
  const problems = new Problems(state.places);
  const { services } = model;
  if (services !== undefined && !isMapping(services))
    problems.add(
      'SPEC_TYPE',
      `"services" must be a mapping, not a ${kindOf(services)}`,
      ['services'],
      markOf(model, 'services'),
    );
  const resolved = resolvePaths(model, base, problems, state.home);
  problems.throwIfAny();
  return { services: isMapping(resolved.services) ? resolved.services : newMapping(), resets };
}

/** Where a named file is, as a path from `directory`. */
export function relativeDirectory(reference: string, directory: string): string {
  const path = isAbsolute(reference) ? reference : join(directory, reference);
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return relative(directory, isDirectory ? path : dirname(path)) || '.';
}
