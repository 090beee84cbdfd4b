// compose's own lists (`ls`, `images`, `top`): `table` or `json`, nothing else.
import { UsageError } from '../../errors.ts';
import { goJson } from './go-json.ts';
import { COMPOSE_TABLE, type TabOptions, table } from './tabwriter.ts';

export interface PrintableList {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What `json` prints. */
  readonly json: unknown;
  readonly tabs?: TabOptions;
}

/** The list as text. Throws UsageError for another format. */
export function printList(format: string, { headers, rows, json, tabs }: PrintableList): string {
  switch (format.toLowerCase()) {
    case 'table':
    case 'pretty':
    case '':
      return table(headers, rows, tabs ?? COMPOSE_TABLE);
    case 'json':
      return `${goJson(json, { escapeHtml: false })}\n`;
    default:
      throw new UsageError(`format value "${format}" could not be parsed: parsing failed`, {
        hint: 'use "table" or "json"',
      });
  }
}
