// Wildcards of COPY and ADD: Go's filepath.Match, part by part. Names and patterns are a stranger's, so matching takes time in
// proportion to both, whatever they are. Pure.

type Token = 'any' | 'many' | ((character: string) => boolean);

/** Whether a part of a path has wildcards. */
export const hasWildcard = (part: string): boolean => /[*?[\\]/.test(part);

/** The test that a pattern is for a name. Throws an Error where the pattern is malformed. */
export function partMatcher(pattern: string): (name: string) => boolean {
  const list = tokens(pattern);
  return (name) => {
    const characters = [...name];
    let reached = Array.from({ length: characters.length + 1 }, (_, index) => index === 0);
    for (const token of list) {
      let carried = false;
      reached = reached.map((here, at) => {
        if (token === 'many') {
          carried ||= here;
          return carried;
        }
        const character = characters[at - 1];
        return character !== undefined && reached[at - 1] === true && (token === 'any' || token(character));
      });
    }
    return reached[characters.length] === true;
  };
}

function tokens(pattern: string): Token[] {
  const list: Token[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*') list.push('many');
    else if (character === '?') list.push('any');
    else if (character === '[') {
      const end = classEnd(characters, at, pattern);
      list.push(classTest(characters.slice(at + 1, end), pattern));
      at = end;
    } else {
      if (character === '\\') at += 1;
      const literal = characters[at];
      if (literal === undefined) throw new Error(`syntax error in pattern "${pattern}"`);
      list.push((given) => given === literal);
    }
  }
  return list;
}

function classEnd(characters: readonly string[], start: number, pattern: string): number {
  for (let at = start + 1; at < characters.length; at += 1) {
    if (characters[at] === '\\') at += 1;
    else if (characters[at] === ']' && at > start + 1) return at;
  }
  throw new Error(`syntax error in pattern "${pattern}": "[" is not closed`);
}

/** `[a-z]`, `[^0-9]`, with escapes. */
function classTest(body: readonly string[], pattern: string): (character: string) => boolean {
  const negated = body[0] === '^';
  const ranges: [string, string][] = [];
  const one = (at: number): { character: string; next: number } => {
    const escaped = body[at] === '\\';
    const character = body[escaped ? at + 1 : at];
    if (character === undefined) throw new Error(`syntax error in pattern "${pattern}"`);
    return { character, next: at + (escaped ? 2 : 1) };
  };
  for (let at = negated ? 1 : 0; at < body.length; ) {
    const low = one(at);
    const isRange = body[low.next] === '-' && low.next + 1 < body.length;
    const high = isRange ? one(low.next + 1) : low;
    ranges.push([low.character, high.character]);
    at = high.next;
  }
  return (character) => ranges.some(([low, high]) => character >= low && character <= high) !== negated;
}
