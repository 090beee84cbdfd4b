// What `config --variables` prints: the variables that the files mention, as a table, JSON or YAML.
import { UsageError } from '../errors.ts';
import { byBytes, type OrderedMap } from '../go-json.ts';
import { extractVariables, type TemplateVariable } from '../spec/template-variables.ts';
import { emitYaml } from '../spec/yaml/emit.ts';
import { goJson } from './output/go-json.ts';
import { COMPOSE_TABLE, table } from './output/tabwriter.ts';

/** The variables of every text in a tree. Throws UsageError for an unknown format. */
export function formatVariables(tree: unknown, format: string): string {
  const variables = [...variablesOf(tree)].sort((a, b) => byBytes(a.name, b.name));
  switch (format.toLowerCase()) {
    case 'table':
    case 'pretty':
    case '':
      return table(
        ['NAME', 'REQUIRED', 'DEFAULT VALUE', 'ALTERNATE VALUE'],
        variables.map(({ name, required, defaultValue, presenceValue }) => [
          name,
          String(required),
          defaultValue,
          presenceValue,
        ]),
        COMPOSE_TABLE,
      );
    case 'json':
    case 'template':
      return `${goJson(new Map(variables.map((variable) => [variable.name, jsonEntry(variable)])), { escapeHtml: false, indent: '    ' })}\n\n`;
    case 'yaml':
      // docker compose indents by four here; no value spans lines, so all leading blanks are indentation.
      return emitYaml(new Map(variables.map((variable) => [variable.name, yamlEntry(variable)]))).replace(
        /^ +/gm,
        '$&$&',
      );
    default:
      throw new UsageError(`format value "${format}" could not be parsed: parsing failed`, {
        hint: 'use "table", "json" or "yaml"',
      });
  }
}

const jsonEntry = ({ name, defaultValue, presenceValue, required }: TemplateVariable): object => ({
  Name: name,
  DefaultValue: defaultValue,
  PresenceValue: presenceValue,
  Required: required,
});

const yamlEntry = ({ name, defaultValue, presenceValue, required }: TemplateVariable): OrderedMap =>
  new Map<string, string | boolean>([
    ['name', name],
    ['defaultvalue', defaultValue],
    ['presencevalue', presenceValue],
    ['required', required],
  ]);

/** Ways in which a variable is mentioned, each with its share of the mentions. */
type Mentions = Map<string, { readonly variable: TemplateVariable; readonly share: number }>;

/**
 * One entry per name. Of several mentions docker compose shows the one it happens to meet last in Go's random order of maps. Here
 * one with a default goes first, since that is what the list is read for; then the one that docker compose most likely shows.
 */
export function* variablesOf(tree: unknown): Iterable<TemplateVariable> {
  for (const mentions of mentionsIn(tree).values()) {
    const sorted = [...mentions.values()].sort(
      (a, b) => hasDefault(b.variable) - hasDefault(a.variable) || b.share - a.share,
    );
    if (sorted[0]) yield sorted[0].variable;
  }
}

const hasDefault = ({ defaultValue }: TemplateVariable): number => (defaultValue === '' ? 0 : 1);

function mentionsIn(value: unknown): Map<string, Mentions> {
  if (typeof value === 'string') return mentionsInText(value);
  // Of a list's items the last counts; the keys of a mapping count alike.
  if (Array.isArray(value)) return new Map(value.flatMap((item) => [...mentionsIn(item)]));
  if (typeof value !== 'object' || value === null) return new Map();
  const byName = new Map<string, Mentions[]>();
  for (const [, item] of Object.entries(value).sort(([a], [b]) => byBytes(a, b))) {
    for (const [name, mentions] of mentionsIn(item)) byName.set(name, [...(byName.get(name) ?? []), mentions]);
  }
  return new Map(Array.from(byName, ([name, all]) => [name, average(all)]));
}

function mentionsInText(text: string): Map<string, Mentions> {
  const found = new Map<string, Mentions>();
  for (const variable of extractVariables(text))
    found.set(variable.name, new Map([[JSON.stringify(variable), { variable, share: 1 }]]));
  return found;
}

function average(all: readonly Mentions[]): Mentions {
  const sum: Mentions = new Map();
  for (const mentions of all) {
    for (const [key, { variable, share }] of mentions)
      sum.set(key, { variable, share: (sum.get(key)?.share ?? 0) + share / all.length });
  }
  return sum;
}
