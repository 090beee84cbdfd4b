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

/** One entry per name; of several mentions the last in the order of keys counts. */
function variablesOf(tree: unknown): Iterable<TemplateVariable> {
  const found = new Map<string, TemplateVariable>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') for (const variable of extractVariables(value)) found.set(variable.name, variable);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null)
      for (const [, item] of Object.entries(value).sort(([a], [b]) => byBytes(a, b))) visit(item);
  };
  visit(tree);
  return found.values();
}
