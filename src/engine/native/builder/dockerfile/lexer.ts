// A Dockerfile's text → its logical lines: directives read, comments gone, continued lines joined, heredocs taken along. Pure.
import { DockerfileError } from './dockerfile-error.ts';
import { checkSyntax } from './syntax.ts';
import { type EscapeToken, splitWords } from './words.ts';

/** A file given inside the Dockerfile: `<<EOF … EOF`. */
export interface Heredoc {
  /** Its end mark, and the file's name where it is copied. */
  readonly name: string;
  /** As written, tabs at the start of lines removed for `<<-`; ends with a newline unless empty. */
  readonly content: string;
  /** Variables in it are expanded when it is copied: its end mark is not quoted. */
  readonly expand: boolean;
  /** The word of the instruction that announced it: `<<-"EOF"`. */
  readonly word: string;
}

export interface LogicalLine {
  /** First line in the file, counted from 1. */
  readonly line: number;
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
}

export interface Lexed {
  readonly lines: readonly LogicalLine[];
  readonly escapeToken: EscapeToken;
  readonly warnings: readonly string[];
}

/** Larger files are no Dockerfile that anybody wrote. */
export const MAX_DOCKERFILE_BYTES = 4 * 1024 * 1024;
const MAX_LINE = 1024 * 1024;
const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const KNOWN_DIRECTIVES = new Set(['syntax', 'escape', 'check']);
/** Instructions whose words may announce heredocs. */
const WITH_HEREDOCS = /^\s*(?:onbuild\s+)?(?:run|copy|add)\b/i;
const HEREDOC = /^(\d*)<<(-?)([^<]+)$/;

export function lex(source: string): Lexed {
  if (Buffer.byteLength(source) > MAX_DOCKERFILE_BYTES)
    throw new DockerfileError(1, `the Dockerfile is larger than ${MAX_DOCKERFILE_BYTES} bytes`);
  const raw = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  const escapeToken = readDirectives(raw);
  const continuation = escapeToken === '\\' ? /(^|[^\\])\\[ \t]*$/ : /(^|[^`])`[ \t]*$/;
  const lines: LogicalLine[] = [];
  const warnings: string[] = [];
  let at = 0;
  while (at < raw.length) {
    const start = at;
    let text = withoutComment(raw[at] ?? '').trimStart();
    at += 1;
    let continued = continuation.test(text);
    if (continued) text = text.replace(continuation, '$1');
    if (!continued && text.trim() === '') continue;
    let emptyLine = false;
    while (continued && at < raw.length) {
      const next = raw[at] ?? '';
      at += 1;
      if (isComment(next)) continue;
      if (next.trim() === '') {
        emptyLine ||= at < raw.length;
        continue;
      }
      continued = continuation.test(next);
      text += continued ? next.replace(continuation, '$1') : next;
    }
    if (text.trim() === '') continue;
    if (text.length > MAX_LINE) throw new DockerfileError(start + 1, `the line is longer than ${MAX_LINE} characters`);
    if (emptyLine) warnings.push(`[WARNING]: Empty continuation line found in:\n    ${text}`);
    const taken = takeHeredocs(text, raw, at, start + 1, escapeToken);
    at = taken.next;
    lines.push({ line: start + 1, text, heredocs: taken.heredocs });
  }
  if (lines.length === 0) throw new DockerfileError(Math.max(1, raw.length - 1), 'file with no instructions');
  return { lines, escapeToken, warnings };
}

const isComment = (line: string): boolean => line.trimStart().startsWith('#');
const withoutComment = (line: string): string => (isComment(line) ? '' : line);

/** Directives stand before everything else; the first line that is none ends them. */
function readDirectives(raw: readonly string[]): EscapeToken {
  const seen = new Set<string>();
  let escapeToken: EscapeToken = '\\';
  for (const [index, line] of raw.entries()) {
    const [, name = '', value = ''] = DIRECTIVE.exec(line.trimStart()) ?? [];
    const key = name.toLowerCase();
    if (!KNOWN_DIRECTIVES.has(key)) break;
    if (seen.has(key)) throw new DockerfileError(index + 1, `only one ${key} parser directive can be used`);
    seen.add(key);
    // What follows the image is for the frontend.
    if (key === 'syntax') checkSyntax(value.split(/\s/, 1)[0] ?? '');
    if (key !== 'escape') continue;
    if (value !== '\\' && value !== '`')
      throw new DockerfileError(index + 1, `invalid escape token '${value}' does not match \` or \\`);
    escapeToken = value;
  }
  return escapeToken;
}

function takeHeredocs(
  text: string,
  raw: readonly string[],
  from: number,
  line: number,
  escapeToken: EscapeToken,
): { readonly heredocs: Heredoc[]; readonly next: number } {
  const heredocs: Heredoc[] = [];
  let next = from;
  if (!WITH_HEREDOCS.test(text)) return { heredocs, next };
  for (const word of splitWords(text, escapeToken)) {
    const opened = parseHeredoc(word);
    if (!opened) continue;
    const content: string[] = [];
    for (;;) {
      const found = raw[next];
      if (found === undefined) throw new DockerfileError(line, `unterminated heredoc "${opened.name}"`);
      next += 1;
      const chomped = opened.chomp ? found.replace(/^\t+/, '') : found;
      if (chomped === opened.name) break;
      content.push(`${chomped}\n`);
    }
    heredocs.push({ name: opened.name, content: content.join(''), expand: opened.expand, word });
  }
  return { heredocs, next };
}

/** `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`: the end mark and how the content is read; undefined for any other word. */
export function parseHeredoc(
  word: string,
): { readonly name: string; readonly chomp: boolean; readonly expand: boolean } | undefined {
  const [, , dash = '', rest = ''] = HEREDOC.exec(word) ?? [];
  if (rest === '') return undefined;
  const name = rest.replace(/["'\\]/g, '');
  if (name === '' || /[\s/]/.test(name)) return undefined;
  return { name, chomp: dash === '-', expand: name === rest };
}
