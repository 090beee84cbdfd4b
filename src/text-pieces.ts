// A long text out of very many short ones.

/** So many pieces are made one flat text at a time. */
const BATCH = 4096;

/**
 * Takes little more memory than the characters: `+=` would keep a node of 32 bytes for every piece until the text is read, which
 * for a million words is more than the words.
 */
export class TextPieces {
  #pieces: string[] = [];
  readonly #flat: string[] = [];

  add(piece: string): void {
    this.#pieces.push(piece);
    if (this.#pieces.length < BATCH) return;
    this.#flat.push(this.#pieces.join(''));
    this.#pieces = [];
  }

  toString(): string {
    return this.#flat.join('') + this.#pieces.join('');
  }
}
