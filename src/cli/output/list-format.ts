// How a list is printed under --format: docker's `table`, `table TEMPLATE`, `json` and `TEMPLATE`.
import { HEADER_FUNCTIONS } from './go-template/functions.ts';
import { GoTemplate } from './go-template/index.ts';
import type { Struct } from './go-template/values.ts';
import { alignTabs, DOCKER_TABLE } from './tabwriter.ts';

export interface ListFormat {
  /** What the user asked for: `table`, `json`, or a template. */
  readonly format: string;
  /** The template of a bare `table`. */
  readonly defaultTable: string;
  /** Field → column title. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Rows as text, each line ended by a newline; a table has its header line even when there are no rows. */
export function formatList(rows: readonly Struct[], { format, defaultTable, headers }: ListFormat): string {
  const chosen = format === 'table' || format === '' ? `table ${defaultTable}` : format;
  if (chosen === 'json') return renderRows('{{json .}}', rows);
  if (!chosen.startsWith('table')) return renderRows(expandEscapes(chosen), rows);
  const text = expandEscapes(chosen.slice('table'.length));
  const header = new GoTemplate(text).render(new Titles(Object.entries(headers)), HEADER_FUNCTIONS);
  return alignTabs(`${header}\n${renderRows(text, rows)}`, DOCKER_TABLE);
}

/** A Go map of texts: a column without a title has an empty one. */
class Titles extends Map<string, string> {
  override get(key: string): string {
    return super.get(key) ?? '';
  }
}

/** A shell passes `\t` as two characters. */
const expandEscapes = (text: string): string =>
  text
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');

function renderRows(text: string, rows: readonly Struct[]): string {
  const template = new GoTemplate(text);
  return rows.map((row) => `${template.render(row)}\n`).join('');
}
