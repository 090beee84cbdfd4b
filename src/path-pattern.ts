// One pattern of .dockerignore → a matcher that reads a path once, from left to right, however many wildcards there are: a pattern such as
// `a*a*a*a*b`, which anyone can put into a repository, must not hold up whoever builds it. A regular expression would try combinations.

/** Does the pattern match this path, or a folder above it? */
export type PathMatcher = (path: string) => boolean;

/** What may stand at one place of a pattern. */
type Token =
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }
  /** `*`: any number of characters of one name. */
  | { readonly kind: 'name' }
  /** `**` at the end: anything. */
  | { readonly kind: 'rest' }
  /** `**` before something, or `**` and a slash: any number of folders; `folders` is the way around, `within` is inside one. */
  | { readonly kind: 'folders' }
  | { readonly kind: 'within' };

/** The places of the pattern that a path can have reached, and where each character leads from there. */
interface State {
  readonly places: readonly number[];
  readonly complete: boolean;
  readonly next: Map<string, State>;
}

/** States found so far are forgotten beyond this number: a pattern can have exponentially many, a path passes through few. */
const MOST_STATES = 500;

/** @throws SyntaxError for an unclosed `[` and a range that runs backwards. */
export function pathMatcher(pattern: string): PathMatcher {
  const tokens = tokensOf(pattern);
  const known = new Map<string, State>();

  const stateAt = (reached: Iterable<number>): State => {
    const all = new Set(reached);
    // A set that grows while it is walked: what is added is visited, too.
    for (const place of all) {
      const kind = tokens[place]?.kind;
      if (kind === 'name' || kind === 'rest' || kind === 'folders') all.add(place + (kind === 'folders' ? 2 : 1));
      if (kind === 'folders') all.add(place + 1);
    }
    const places = [...all].sort((a, b) => a - b);
    const key = places.join();
    const found = known.get(key);
    if (found) return found;
    if (known.size >= MOST_STATES) known.clear();
    const state = { places, complete: all.has(tokens.length), next: new Map<string, State>() };
    known.set(key, state);
    return state;
  };

  const step = (state: State, character: string): State => {
    const reached: number[] = [];
    for (const place of state.places) {
      const token = tokens[place];
      if (token?.kind === 'one' && token.accepts(character)) reached.push(place + 1);
      else if (token?.kind === 'rest' || (token?.kind === 'name' && character !== '/')) reached.push(place);
      else if (token?.kind === 'within') reached.push(place, ...(character === '/' ? [place + 1] : []));
    }
    const next = stateAt(reached);
    state.next.set(character, next);
    return next;
  };

  const start = stateAt([0]);
  return (path) => {
    let state = start;
    let first = true;
    for (const character of path) {
      if (character === '/' && state.complete && !first) return true;
      first = false;
      state = state.next.get(character) ?? step(state, character);
      if (state.places.length === 0) return false;
    }
    return state.complete;
  };
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] === '*') {
      at += characters[at + 2] === '/' ? 2 : 1;
      if (at + 1 >= characters.length) tokens.push({ kind: 'rest' });
      else tokens.push({ kind: 'folders' }, { kind: 'within' });
    } else if (character === '*') tokens.push({ kind: 'name' });
    else if (character === '?') tokens.push({ kind: 'one', accepts: (other) => other !== '/' });
    else if (character === '[') {
      const end = characters.indexOf(']', at + 2);
      if (end < 0) throw new SyntaxError(`syntax error in pattern "${pattern}": "[" is not closed`);
      const set = new RegExp(
        `^[${characters
          .slice(at + 1, end)
          .join('')
          .replace(/\[/g, '\\[')}]$`,
        's',
      );
      tokens.push({ kind: 'one', accepts: (other) => set.test(other) });
      at = end;
    } else {
      // A backslash makes the next character an ordinary one; at the end it stands for itself.
      const wanted = character === '\\' ? (characters[++at] ?? character) : character;
      tokens.push({ kind: 'one', accepts: (other) => other === wanted });
    }
  }
  return tokens;
}
