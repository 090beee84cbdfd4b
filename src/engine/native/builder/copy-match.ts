// Wildcards of COPY and ADD: Go's filepath.Match, part by part. Pure.

/** Whether a part of a path has wildcards. */
export const hasWildcard = (part: string): boolean => /[*?[\\]/.test(part);

/** The pattern of one part as an expression. Throws an Error where it is malformed. */
export function partExpression(pattern: string): RegExp {
  let out = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') {
      if (!out.endsWith('[^/]*')) out += '[^/]*';
    } else if (character === '?') out += '[^/]';
    else if (character === '\\') {
      at += 1;
      if (at >= pattern.length) throw new Error(`syntax error in pattern "${pattern}"`);
      out += literal(pattern.charAt(at));
    } else if (character === '[') {
      const end = classEnd(pattern, at);
      out += classExpression(pattern.slice(at + 1, end), pattern);
      at = end;
    } else out += literal(character);
  }
  return new RegExp(`^${out}$`, 'su');
}

function classEnd(pattern: string, start: number): number {
  for (let at = start + 1; at < pattern.length; at += 1) {
    if (pattern.charAt(at) === '\\') at += 1;
    else if (pattern.charAt(at) === ']' && at > start + 1) return at;
  }
  throw new Error(`syntax error in pattern "${pattern}": "[" is not closed`);
}

function classExpression(body: string, pattern: string): string {
  const negated = body.startsWith('^');
  const inside = negated ? body.slice(1) : body;
  if (inside === '') throw new Error(`syntax error in pattern "${pattern}": an empty class`);
  const escaped = inside.replace(/\\(.)|([[\]^&])/gsu, (_, kept: string | undefined, special: string | undefined) =>
    kept === undefined ? `\\${special}` : /[\\[\]^-]/.test(kept) ? `\\${kept}` : kept,
  );
  return `[${negated ? '^/' : ''}${escaped}]`;
}

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
