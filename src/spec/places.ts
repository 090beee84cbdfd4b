// Where values were written: marks (small integers that travel with the tree) → file, line and column, worked out when asked.
import type { Position } from '../diagnostics.ts';
import type { Mark } from './tree.ts';

interface SourceFile {
  readonly name: string;
  readonly text: string;
  lineStarts?: readonly number[];
}

/** The places of one load. Three numbers per mark; lines and columns cost nothing until a message needs them. */
export class Places {
  readonly #files: SourceFile[] = [];
  /** file, offset of the key (or item), offset of the value; mark n at 3 × n. Mark 0 is nowhere. */
  readonly #entries: number[] = [0, 0, 0];

  /** Adds a file under the name that messages use; returns its number. */
  addFile(name: string, text: string): number {
    return this.#files.push({ name, text }) - 1;
  }

  add(file: number, keyOffset: number, valueOffset: number): Mark {
    return this.#entries.push(file, keyOffset, valueOffset) / 3 - 1;
  }

  /** The position of the value (or of its key) at a mark. */
  position(mark: Mark, part: 'key' | 'value' = 'value'): Position | undefined {
    if (mark <= 0) return undefined;
    const file = this.#files[this.#entries[3 * mark] ?? -1];
    const offset = this.#entries[3 * mark + (part === 'key' ? 1 : 2)];
    return file && offset !== undefined ? positionIn(file, offset) : undefined;
  }

  /** The offset of the value at a mark in the text of its file. */
  offset(mark: Mark): number | undefined {
    return mark <= 0 ? undefined : this.#entries[3 * mark + 2];
  }

  /** The position of an offset in a file. */
  positionAt(file: number, offset: number): Position | undefined {
    const source = this.#files[file];
    return source && positionIn(source, offset);
  }

  /** The source line at a position, shortened where it is long; undefined where the position is too far right to be shown. */
  excerpt(position: Position): string | undefined {
    const file = this.#files.findLast(({ name }) => name === position.file);
    if (!file || position.column > MAX_EXCERPT) return undefined;
    const start = lineStarts(file)[position.line - 1] ?? 0;
    const end = file.text.indexOf('\n', start);
    const line = file.text.slice(start, end < 0 ? undefined : end);
    return line.length > MAX_EXCERPT ? `${line.slice(0, MAX_EXCERPT)}…` : line;
  }
}

const MAX_EXCERPT = 160;

function positionIn(file: SourceFile, offset: number): Position {
  const starts = lineStarts(file);
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { file: file.name, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

function lineStarts(file: SourceFile): readonly number[] {
  if (file.lineStarts) return file.lineStarts;
  const starts = [0];
  for (let at = file.text.indexOf('\n'); at >= 0; at = file.text.indexOf('\n', at + 1)) starts.push(at + 1);
  file.lineStarts = starts;
  return starts;
}
