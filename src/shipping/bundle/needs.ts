// What the receiver of a bundle has to set: the variables its files mention, whose values stay behind. Pure.
import { BundleError } from './bundle-error.ts';
import { type BundleNeeds, byBytes } from './manifest.ts';

/** One mention of a variable. */
export interface Mention {
  readonly name: string;
  readonly usedBy: string;
  /** Fails where it is not set: `${NAME:?}`, a secret's variable. */
  readonly required: boolean;
  readonly hasDefault: boolean;
  /** In `image:` alone, where the bundle has the answer. */
  readonly inImage: boolean;
}

export interface VariableFacts {
  readonly mentions: readonly Mention[];
  /** What is set where the bundle is made. */
  readonly values: Readonly<Record<string, string>>;
  /** Names asked for with their values. */
  readonly include: readonly string[];
}

/** Set by windlass itself. */
const OWN = new Set(['PWD', 'COMPOSE_PROJECT_NAME']);

export function variableNeeds(facts: VariableFacts): {
  readonly variables: BundleNeeds['variables'];
  readonly environment: Readonly<Record<string, string>>;
} {
  const mentions = facts.mentions.filter(({ name }) => name !== '' && !OWN.has(name));
  const names = [...new Set(mentions.map(({ name }) => name))].sort(byBytes);
  const environment: Record<string, string> = {};
  for (const name of [...facts.include].sort(byBytes)) environment[name] = included(name, facts, names);
  const variables: BundleNeeds['variables'][number][] = [];
  for (const name of names) {
    if (environment[name] !== undefined) continue;
    const all = mentions.filter((mention) => mention.name === name);
    const value = knownValue(facts, name);
    // The image's name is in the bundle; what it was put together from is no secret then.
    if (all.every(({ inImage }) => inImage)) {
      if (value !== undefined) environment[name] = value;
      continue;
    }
    const needed = all.some(
      ({ required, hasDefault }) => required || (value !== undefined && value !== '' && !hasDefault),
    );
    const usedBy = [...new Set(all.map((mention) => mention.usedBy))].sort(byBytes);
    variables.push({ name, required: needed, usedBy });
  }
  const sorted = Object.entries(environment).sort(([a], [b]) => byBytes(a, b));
  return { variables, environment: Object.fromEntries(sorted) };
}

const knownValue = ({ values }: VariableFacts, name: string): string | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

function included(name: string, facts: VariableFacts, names: readonly string[]): string {
  const value = knownValue(facts, name);
  if (value === undefined)
    throw new BundleError(`variable "${name}" is not set`, { hint: 'set it, or leave out --include-env for it' });
  if (!names.includes(name))
    throw new BundleError(`the project does not use a variable "${name}"`, {
      hint: names.length === 0 ? 'it uses none' : `it uses: ${names.join(', ')}`,
    });
  return value;
}

/** The variables that the receiver has to set and has not. */
export const missingVariables = (needs: BundleNeeds, given: ReadonlySet<string>): BundleNeeds['variables'] =>
  needs.variables.filter(({ name, required }) => required && !given.has(name));
