// Columns as Go's text/tabwriter aligns them, so that tables come out byte for byte as docker prints them.
// A cell is text ended by a tab; a column is a run of consecutive lines that have such a cell there; text after the
// last tab of a line belongs to no column and is never padded.

export interface TabOptions {
  /** Smallest width of a column, padding included. */
  readonly minWidth: number;
  /** Blanks after the widest cell. */
  readonly padding: number;
}

/** docker's own tables (`ps`, `stats`, `volumes`). */
export const DOCKER_TABLE: TabOptions = { minWidth: 10, padding: 3 };
/** compose's tables (`ls`, `images`). */
export const COMPOSE_TABLE: TabOptions = { minWidth: 20, padding: 3 };
/** compose's `top`. */
export const TOP_TABLE: TabOptions = { minWidth: 4, padding: 2 };

const width = (text: string): number => Array.from(text).length;

/** Aligns the tab-separated cells of a text; a final newline is kept. */
export function alignTabs(text: string, options: TabOptions): string {
  const ended = text.endsWith('\n');
  const lines = (ended ? text.slice(0, -1) : text).split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  measure(lines, widths, 0, { from: 0, to: lines.length }, options);
  const out = lines.map((cells, row) =>
    cells.map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[row]?.[column] ?? 0) - width(cell)))).join(''),
  );
  return out.join('\n') + (ended ? '\n' : '');
}

/** Finds the blocks of one column among lines [from, to) and, inside each block, those of the next column. */
function measure(
  lines: readonly (readonly string[])[],
  widths: number[][],
  column: number,
  range: { readonly from: number; readonly to: number },
  options: TabOptions,
): void {
  const hasCell = (row: number) => (lines[row]?.length ?? 0) > column + 1;
  for (let row = range.from; row < range.to; row++) {
    if (!hasCell(row)) continue;
    let end = row;
    let widest = options.minWidth;
    for (; end < range.to && hasCell(end); end++)
      widest = Math.max(widest, width(lines[end]?.[column] ?? '') + options.padding);
    for (let at = row; at < end; at++) {
      const found = widths[at];
      if (found !== undefined) found[column] = widest;
    }
    measure(lines, widths, column + 1, { from: row, to: end }, options);
    row = end - 1;
  }
}

/** A header and rows of cells, aligned; every line ends with a newline. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[], options: TabOptions): string {
  return alignTabs([headers, ...rows].map((cells) => `${cells.join('\t')}\n`).join(''), options);
}
