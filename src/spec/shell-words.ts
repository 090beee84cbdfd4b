// A command written as one text → words, as docker compose splits it. It is no shell: variables, globs and substitutions are
// left as they are, and an operator outside quotes (`;`, `&`, `|`, `<`, `>`) ends the command.

const INVALID = { problem: 'a quote or a parenthesis is not closed' } as const;

export function splitCommand(line: string): { readonly words: string[] } | { readonly problem: string } {
  const words: string[] = [];
  let word = '';
  /** Whether there is a word at all: `""` is one. */
  let got = false;
  let escaped = false;
  let quote: '' | "'" | '"' = '';
  let backtick = false;
  let substitution = false;
  for (const character of line) {
    if (escaped) {
      word += character === 't' ? '\t' : character === 'n' ? '\n' : character;
      escaped = false;
      got = true;
      continue;
    }
    if (character === '\\') {
      if (quote === "'") word += character;
      else escaped = true;
      continue;
    }
    const enclosed = quote !== '' || backtick || substitution;
    if (/[ \t\r\n]/.test(character)) {
      if (enclosed) word += character;
      else if (got) {
        words.push(word);
        word = '';
        got = false;
      }
      continue;
    }
    if (character === '`' && quote === '' && !substitution) backtick = !backtick;
    else if (character === ')' && quote === '' && !backtick) substitution = !substitution;
    else if (character === '(' && quote === '' && !backtick) {
      if (substitution || !word.endsWith('$')) return INVALID;
      substitution = true;
      word += '(';
      continue;
    } else if ((character === '"' || character === "'") && !substitution && (quote === '' || quote === character)) {
      if (quote !== '') got = true;
      quote = quote === '' ? character : '';
      continue;
    } else if (';&|<>'.includes(character) && !enclosed) {
      // `2>` names a file descriptor, which is no word either.
      if (character === '>' && /^\d/.test(word)) got = false;
      break;
    }
    got = true;
    word += character;
  }
  if (got) words.push(word);
  return escaped || quote !== '' || backtick || substitution ? INVALID : { words };
}
