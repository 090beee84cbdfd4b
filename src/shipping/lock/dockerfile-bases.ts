// The images that a Dockerfile begins from or copies out of, and the same Dockerfile with them pinned. Pure.
// Source: https://docs.docker.com/reference/dockerfile/ (FROM, COPY --from, RUN --mount, parser directives, here-documents).

export interface BaseImage {
  /** As it comes out with the build's arguments put in; empty where one is missing. */
  readonly reference: string;
  /** As it is written. */
  readonly written: string;
  /** 1-based. */
  readonly line: number;
}

interface Instruction {
  readonly keyword: string;
  readonly text: string;
  /** First and last line, 0-based. */
  readonly from: number;
  readonly to: number;
}

export interface DockerfileOptions {
  /** Arguments of the build, which go before the file's defaults. */
  readonly args: Readonly<Record<string, string>>;
  /** Names that are no images here: additional contexts. */
  readonly contexts: readonly string[];
}

/** Every image of another origin, in the order of the file. */
export function basesOf(text: string, options: DockerfileOptions): BaseImage[] {
  return uses(text, options).map(({ reference, written, instruction }) => ({
    reference,
    written,
    line: instruction.from + 1,
  }));
}

/** The text with each such image replaced. Lines stay where they are. */
export function pinBases(text: string, options: DockerfileOptions, pin: (reference: string) => string): string {
  const lines = text.split('\n');
  for (const { reference, written, instruction } of uses(text, options)) {
    const { from, to } = instruction;
    const joined = lines.slice(from, to + 1).join('\n');
    const pinned = replaceWord(joined, written, pin(reference));
    lines.splice(from, to - from + 1, ...pinned.split('\n'));
  }
  return lines.join('\n');
}

interface Use {
  readonly reference: string;
  readonly written: string;
  readonly instruction: Instruction;
}

function uses(text: string, { args, contexts }: DockerfileOptions): Use[] {
  const found: Use[] = [];
  const known: Record<string, string> = {};
  const stages = new Set(contexts.map((name) => name.toLowerCase()));
  let count = 0;
  const use = (written: string, instruction: Instruction): void => {
    const reference = substituted(written, { ...known, ...args });
    const isStage = stages.has(reference.toLowerCase()) || /^\d+$/.test(reference) || reference === 'scratch';
    if (!isStage) found.push({ reference, written, instruction });
  };
  for (const instruction of instructionsOf(text)) {
    const words = instruction.text.split(/\s+/).filter((word) => word !== '');
    if (instruction.keyword === 'ARG' && count === 0)
      for (const word of words) {
        const [name = '', ...value] = word.split('=');
        if (value.length > 0) known[name] = substituted(unquoted(value.join('=')), { ...known, ...args });
      }
    else if (instruction.keyword === 'FROM') {
      count++;
      const [image = '', as, name] = words.filter((word) => !word.startsWith('--'));
      use(image, instruction);
      if (as?.toLowerCase() === 'as' && name !== undefined) stages.add(name.toLowerCase());
    } else if (instruction.keyword === 'COPY') {
      const from = /(?:^|\s)--from=(\S+)/.exec(instruction.text)?.[1];
      if (from !== undefined) use(from, instruction);
    } else if (instruction.keyword === 'RUN')
      for (const [, mount = ''] of instruction.text.matchAll(/(?:^|\s)--mount=(\S+)/g)) {
        const from = /(?:^|,)from=([^,]+)/.exec(mount)?.[1];
        if (from !== undefined) use(from, instruction);
      }
  }
  return found;
}

/** Instructions with continued lines joined; comments and here-documents passed over. */
function* instructionsOf(text: string): Generator<Instruction> {
  const lines = text.split('\n');
  const continues = /^#\s*escape\s*=\s*(\S)/im.exec(lines.slice(0, 3).join('\n'))?.[1] ?? '\\';
  for (let at = 0; at < lines.length; at++) {
    const from = at;
    let joined = '';
    for (; at < lines.length; at++) {
      const line = (lines[at] ?? '').replace(/\r$/, '').trim();
      if (line === '' || line.startsWith('#')) {
        if (joined === '') break;
        continue; // comments may stand within a continued instruction
      }
      if (!line.endsWith(continues)) {
        joined += line;
        break;
      }
      joined += `${line.slice(0, -1)} `;
    }
    const match = /^(\w+)\s+(.*)$/s.exec(joined.trim());
    if (!match) continue;
    const [, keyword = '', rest = ''] = match;
    yield { keyword: keyword.toUpperCase(), text: rest, from, to: Math.min(at, lines.length - 1) };
    if (/^(RUN|COPY|ADD)$/i.test(keyword))
      for (const [, dash, , word = ''] of rest.matchAll(/<<(-?)(["']?)([A-Za-z_]\w*)\2/g)) {
        const ends = (line: string): boolean =>
          (dash === '-' ? line.replace(/^\t+/, '') : line).replace(/\r$/, '') === word;
        do at++;
        while (at < lines.length && !ends(lines[at] ?? ''));
      }
  }
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+alternative}`. */
const substituted = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g, (_, plain, braced, operator, operand) => {
    const value = values[(plain ?? braced) as string] ?? '';
    if (operator === '-') return value === '' ? String(operand) : value;
    if (operator === '+') return value === '' ? '' : String(operand);
    return value;
  });

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/s, '$2');

/** Replaces the first occurrence that is a word of its own, or the value of an option. */
function replaceWord(text: string, word: string, by: string): string {
  const pattern = new RegExp(`(^|[\\s=])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=$|[\\s,])`, 'm');
  return text.replace(pattern, (_, before: string) => `${before}${by}`);
}
