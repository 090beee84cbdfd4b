// .dockerignore: which paths of a build context stay at home. The pattern rules are the engine's own (moby patternmatcher):
// Go's filepath.Match, `**` for any number of folders, `!` to take back, the last matching line wins, and a matching
// folder takes everything below it along.
import { type PathMatcher, pathMatcher } from './path-pattern.ts';

export interface IgnoreRules {
  /** Is this path, relative to the context with `/` between its parts, left out? */
  ignores(path: string): boolean;
  /** Can nothing below this left-out folder be taken back, so that it need not be walked? */
  prunes(folder: string): boolean;
}

interface Pattern {
  readonly text: string;
  readonly takesBack: boolean;
  readonly matches: PathMatcher;
}

/** Lines of an ignore file → patterns as text: comments and blank lines gone, paths cleaned. */
export function ignoreLines(text: string): string[] {
  const lines: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index === 0 ? raw.replace(/^\uFEFF/, '') : raw;
    // Only a "#" in the first column starts a comment.
    if (line.startsWith('#')) continue;
    const trimmed = line.trim();
    if (trimmed === '') continue;
    const takesBack = trimmed.startsWith('!');
    const body = takesBack ? trimmed.slice(1).trim() : trimmed;
    if (body === '') throw new SyntaxError('illegal exclusion pattern: "!"');
    const cleaned = clean(body);
    lines.push((takesBack ? '!' : '') + (cleaned.length > 1 ? cleaned.replace(/^\//, '') : cleaned));
  }
  return lines;
}

/**
 * Compiles pattern lines.
 * @throws SyntaxError for a pattern that is not one, such as an unclosed `[`.
 */
export function ignoreRules(lines: readonly string[]): IgnoreRules {
  const patterns = lines.map(compile);
  const exceptions = patterns.filter(({ takesBack }) => takesBack);
  return {
    ignores(path) {
      let ignored = false;
      for (const pattern of patterns) {
        // A line can only change the verdict that the lines before it gave.
        if (pattern.takesBack !== ignored) continue;
        if (pattern.matches(path)) ignored = !pattern.takesBack;
      }
      return ignored;
    },
    prunes: (folder) => !exceptions.some(({ text }) => `${text}/`.startsWith(`${folder}/`)),
  };
}

function compile(line: string): Pattern {
  const takesBack = line.startsWith('!');
  const text = takesBack ? line.slice(1) : line;
  return { text, takesBack, matches: pathMatcher(text) };
}

/** Go's filepath.Clean: no double slashes, no `.` parts, `..` resolved where it can be. */
function clean(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || !rooted) parts.push(part);
  }
  return (rooted ? '/' : '') + parts.join('/') || (rooted ? '/' : '.');
}
