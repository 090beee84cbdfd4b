// The order in which go-yaml v3 writes the keys of a map: numbers inside them count as numbers (`a2` before `a10`).

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

/** Compares two keys of a map. */
export function naturalOrder(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [Array.from(a), Array.from(b)];
  let digits = false;
  for (let index = 0; index < left.length && index < right.length; index++) {
    const [p = '', q = ''] = [left[index], right[index]];
    if (p === q) {
      digits = DIGIT.test(p);
      continue;
    }
    const [isLetterP, isLetterQ] = [LETTER.test(p), LETTER.test(q)];
    if (isLetterP && isLetterQ) return codeOf(p) - codeOf(q);
    // Behind a digit a letter goes first, anywhere else it goes last.
    if (isLetterP || isLetterQ) return isLetterP === digits ? -1 : 1;
    return compareNumbers(left, right, index);
  }
  return left.length - right.length;
}

/** Two keys that differ from `index` on, where neither has a letter. */
function compareNumbers(left: readonly string[], right: readonly string[], index: number): number {
  const start = (left[index] === '0' || right[index] === '0') && numberBefore(left, index) ? 1n : 0n;
  const [p, q] = [numberFrom(left, index, start), numberFrom(right, index, start)];
  if (p.value !== q.value) return p.value < q.value ? -1 : 1;
  return p.end - q.end || codeOf(left[index] ?? '') - codeOf(right[index] ?? '');
}

/** Whether the digits in front of `index` hold one that is not zero. */
function numberBefore(characters: readonly string[], index: number): boolean {
  for (let at = index - 1; at >= 0 && DIGIT.test(characters[at] ?? ''); at--) {
    if (characters[at] !== '0') return true;
  }
  return false;
}

/** The number that begins at `index`, as 64 bits hold it, and where it ends. */
function numberFrom(characters: readonly string[], index: number, start: bigint): { value: bigint; end: number } {
  let value = start;
  let end = index;
  for (; end < characters.length && DIGIT.test(characters[end] ?? ''); end++)
    value = BigInt.asIntN(64, value * 10n + BigInt(codeOf(characters[end] ?? '') - 0x30));
  return { value, end };
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;
