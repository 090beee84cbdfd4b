// Shell patterns in `${X#…}`, `${X%…}` and `${X/…/…}`: `*`, `?` and escapes. A Dockerfile is not to be trusted, so matching takes
// time in proportion to pattern times value, whatever the pattern. Pure.

type Token = { readonly literal: string } | 'any' | 'many';

/** Beyond this, replacing would take too long for a pattern made to do so. */
const MAX_REPLACED = 4096;

function tokens(pattern: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') {
      if (found.at(-1) !== 'many') found.push('many');
    } else if (character === '?') found.push('any');
    else if (character === '\\' && at + 1 < pattern.length) {
      at += 1;
      found.push({ literal: pattern.charAt(at) });
    } else found.push({ literal: character });
  }
  return found;
}

/** Where matches at the start can end: the first place or the last; undefined for no match. */
function matchEnd(list: readonly Token[], value: string, longest: boolean): number | undefined {
  let reached = new Uint8Array(value.length + 1);
  reached[0] = 1;
  for (const token of list) {
    const next = new Uint8Array(value.length + 1);
    let carried = 0;
    for (let at = 0; at <= value.length; at += 1) {
      if (token === 'many') {
        carried ||= reached[at] ?? 0;
        next[at] = carried;
      } else if (reached[at - 1] && (token === 'any' || token.literal === value.charAt(at - 1))) next[at] = 1;
    }
    reached = next;
  }
  const end = longest ? reached.lastIndexOf(1) : reached.indexOf(1);
  return end < 0 ? undefined : end;
}

/** Takes the shortest, or the longest, match off the start. */
export function stripStart(value: string, pattern: string, longest: boolean): string {
  return value.slice(matchEnd(tokens(pattern), value, longest) ?? 0);
}

/** Takes the shortest, or the longest, match off the end. */
export function stripEnd(value: string, pattern: string, longest: boolean): string {
  const backwards = [...Array(value.length).keys()].map((index) => value.charAt(value.length - 1 - index)).join('');
  const taken = matchEnd(tokens(pattern).reverse(), backwards, longest) ?? 0;
  return value.slice(0, value.length - taken);
}

/** Replaces the first match, or all; each is the longest at its place. */
export function replaceMatches(value: string, pattern: string, replacement: string, all: boolean): string {
  const list = tokens(pattern);
  if (list.includes('many') && value.length > MAX_REPLACED)
    throw new Error(`a value of more than ${MAX_REPLACED} characters cannot be searched for a pattern with "*"`);
  let out = '';
  let at = 0;
  while (at < value.length) {
    // What has no "*" is as long as its tokens.
    const window = value.slice(at, list.includes('many') ? undefined : at + list.length);
    const length = matchEnd(list, window, true);
    const end = length === undefined ? undefined : at + length;
    if (end === undefined || end === at) {
      out += value.charAt(at);
      at += 1;
      continue;
    }
    out += replacement;
    at = end;
    if (!all) break;
  }
  return out + value.slice(at);
}
