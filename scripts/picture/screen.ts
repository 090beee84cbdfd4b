// A terminal's screen, as far as windlass's own output uses one: text, colours, carriage return, cursor up, erasing.

export interface Cell {
  readonly text: string;
  /** SGR codes in force: `32`, `31;1`; empty for the default. */
  readonly style: string;
}

const ESCAPE = String.fromCharCode(27);
/** A control sequence, or one character. */
const TOKEN = new RegExp(`${ESCAPE}\\[([0-9;?]*)([A-Za-z])|[\\s\\S]`, 'gu');

/** Rows of cells that a terminal shows after this output. */
export function screenAfter(output: string): Cell[][] {
  const rows: Cell[][] = [[]];
  let [row, column, style] = [0, 0, ''];
  const line = (): Cell[] => {
    while (rows.length <= row) rows.push([]);
    return rows[row] ?? [];
  };
  const control = (parameters: string, letter: string): void => {
    const count = Number(parameters) || 1;
    if (letter === 'm') style = parameters === '0' ? '' : parameters;
    else if (letter === 'A') row = Math.max(0, row - count);
    else if (letter === 'K') line().length = Math.min(column, line().length);
    else if (letter === 'J') {
      line().length = Math.min(column, line().length);
      rows.length = row + 1;
    }
  };
  const put = (text: string): void => {
    const cells = line();
    while (cells.length < column) cells.push({ text: ' ', style: '' });
    cells[column++] = { text, style };
  };
  for (const [token, parameters, letter] of output.matchAll(TOKEN)) {
    if (letter !== undefined) control(parameters ?? '', letter);
    else if (token === '\r') column = 0;
    else if (token === '\n') row++;
    else put(token);
  }
  while (rows.length > 0 && rows[rows.length - 1]?.length === 0) rows.pop();
  return rows;
}
