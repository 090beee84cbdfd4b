import { describe, expect, test } from 'vitest';
import type { Instruction } from '../../../src/engine/native/builder/dockerfile/instructions.ts';
import { lex } from '../../../src/engine/native/builder/dockerfile/lexer.ts';
import { parseDockerfile } from '../../../src/engine/native/builder/dockerfile/parse.ts';

/** The one instruction after FROM. */
const instruction = (text: string): Instruction => {
  const [first] = parseDockerfile(`FROM a\n${text}`).stages[0]?.instructions ?? [];
  if (!first) throw new Error('no instruction');
  return first;
};

describe('lines', () => {
  test('are joined, comments and empty lines between them left out', () => {
    const { lines } = lex('\n# c\nRUN a \\\n  # comment\n\n  b \\  \n c\nRUN d');
    expect(lines.map(({ line, text }) => [line, text])).toEqual([
      [3, 'RUN a   b  c'],
      [8, 'RUN d'],
    ]);
  });

  test('an empty line between continued ones is warned of', () => {
    expect(lex('RUN a \\\n\n b\n').warnings[0]).toContain('Empty continuation line found in:\n    RUN a  b');
  });

  test('two escapes at the end continue nothing', () => {
    expect(lex('RUN a \\\\\nRUN b').lines).toHaveLength(2);
  });

  test('the directive chooses the escape, and only at the top', () => {
    expect(lex('# escape=`\nRUN a `\n b').lines.map(({ text }) => text)).toEqual(['RUN a  b']);
    expect(lex('# comment\n# escape=`\nRUN a').escapeToken).toBe('\\');
    expect(lex('\uFEFF# syntax=docker/dockerfile:1\n# check=skip=all\n# escape=`\nRUN a').escapeToken).toBe('`');
  });

  test('heredocs belong to their instruction', () => {
    const { lines } = lex('RUN <<EOF cat <<-"B C" > /x\na\nEOF\nRUN true');
    expect(lines[0]?.heredocs.map(({ name }) => name)).toEqual(['EOF']);
    const { lines: two } = lex(`COPY <<A <<-'B' /x/\none \\\n# kept\nA\n\ttwo\n\tB\nRUN c`);
    expect(two[0]?.heredocs).toEqual([
      { name: 'A', content: 'one \\\n# kept\n', expand: true, word: '<<A' },
      { name: 'B', content: 'two\n', expand: false, word: "<<-'B'" },
    ]);
    expect(two[1]).toEqual({ line: 7, text: 'RUN c', heredocs: [] });
  });

  test('words that look like heredocs elsewhere are words', () => {
    expect(lex('ENV A=<<EOF\nRUN b').lines).toHaveLength(2);
  });
});

describe('instructions', () => {
  test.each<[string, Partial<Instruction> & Record<string, unknown>]>([
    [
      'ENV a=1 b="x y" c=z\\ z',
      {
        kind: 'env',
        pairs: [
          { key: 'a', value: '1' },
          { key: 'b', value: '"x y"' },
          { key: 'c', value: 'z\\ z' },
        ],
      },
    ],
    ['ENV old the old way', { kind: 'env', pairs: [{ key: 'old', value: 'the old way' }] }],
    [
      'arg A B=2',
      {
        kind: 'arg',
        args: [
          { key: 'A', value: undefined },
          { key: 'B', value: '2' },
        ],
      },
    ],
    ['CMD ["a", "b c"]', { kind: 'cmd', command: { words: ['a', 'b c'], shell: false } }],
    ["CMD ['a']", { kind: 'cmd', command: { words: ["['a']"], shell: true } }],
    ['ENTRYPOINT a b', { kind: 'entrypoint', command: { words: ['a b'], shell: true } }],
    ['VOLUME ["/a", "/b c"]', { kind: 'volume', words: ['/a', '/b c'] }],
    ['VOLUME /a /b', { kind: 'volume', words: ['/a', '/b'] }],
    ['HEALTHCHECK none', { kind: 'healthcheck', health: { Test: ['NONE'] } }],
    [
      'HEALTHCHECK --interval=1m --retries=3 CMD curl x',
      { kind: 'healthcheck', health: { Test: ['CMD-SHELL', 'curl x'], Interval: 60e9, Retries: 3 } },
    ],
    ['ONBUILD COPY . /x', { kind: 'onbuild', trigger: 'COPY . /x' }],
    ['SHELL ["sh", "-ec"]', { kind: 'shell', shell: ['sh', '-ec'] }],
    ['STOPSIGNAL 9', { kind: 'stopsignal', value: '9' }],
    ['RUN --network=none -- --x', { kind: 'run', network: 'none', command: { words: ['--x'], shell: true } }],
    [
      'RUN --mount=type=cache,dst=/c,sharing=locked a',
      { mounts: [{ type: 'cache', options: { target: '/c', sharing: 'locked' } }] },
    ],
    ['RUN --mount=target=/m,rw a', { mounts: [{ type: 'bind', options: { target: '/m', readwrite: 'true' } }] }],
    ['COPY --chown=a:b --link c d e/', { kind: 'copy', sources: ['c', 'd'], destination: 'e/' }],
    ['COPY ["a b", "c"]', { kind: 'copy', sources: ['a b'], destination: 'c' }],
  ])('%s', (text, expected) => {
    expect(instruction(text)).toMatchObject(expected);
  });

  test('flags of COPY', () => {
    expect(instruction('COPY --from=0 --chmod=u=rw,go=r --exclude=*.md --exclude=b --parents a /b')).toMatchObject({
      options: { from: '0', chmod: 'u=rw,go=r', exclude: ['*.md', 'b'], parents: true, link: false },
    });
  });
});

describe('stages', () => {
  test('have names, bases and platforms; arguments before them stand apart', () => {
    const file = parseDockerfile('ARG A=1\nFROM --platform=$BUILDPLATFORM x AS Base\nRUN a\nFROM base');
    expect(file.globals).toHaveLength(1);
    expect(file.stages.map(({ name, base, platform, index }) => ({ name, base, platform, index }))).toEqual([
      { name: 'base', base: 'x', platform: '$BUILDPLATFORM', index: 0 },
      { name: undefined, base: 'base', platform: undefined, index: 1 },
    ]);
  });
});

describe('mistakes are told with their line', () => {
  test.each([
    ['', 'on line 1: file with no instructions'],
    ['RUN a', 'on line 1: no build stage in current context: RUN before FROM'],
    ['ARG A', 'on line 1: no build stage: FROM is missing'],
    ['FROM a\n\nRUM b', 'on line 3: unknown instruction: RUM (did you mean RUN?)'],
    ['FROM a\nconstructor x', 'on line 2: unknown instruction: constructor'],
    ['FROM a b', 'on line 1: FROM requires either one or three arguments'],
    ['FROM a AS 1x', 'on line 1: invalid name for build stage: "1x"'],
    ['FROM a AS x\nFROM b AS X', 'on line 2: x stage name already used'],
    ['FROM a\nENV', 'on line 2: ENV requires at least one argument'],
    ['FROM a\nENV a', 'on line 2: ENV must have two arguments'],
    ['FROM a\nENV a=1 b', `on line 2: Syntax error - can't find = in "b". Must be of the form: name=value`],
    ['FROM a\nLABEL =x', 'on line 2: LABEL names can not be blank'],
    ['FROM a\nCOPY x', 'on line 2: COPY requires at least two arguments'],
    ['FROM a\nCOPY --form=b x y', 'on line 2: unknown flag: --form'],
    ['FROM a\nCOPY --from x y', 'on line 2: missing a value on flag: --from'],
    ['FROM a\nCOPY --from=a --from=b x y', 'on line 2: duplicate flag specified: from'],
    ['FROM a\nADD --link=x y z', 'on line 2: expecting boolean value for flag link, not: x'],
    ['FROM a\nRUN --security=insecure x', 'on line 2: RUN --security=insecure is not supported'],
    ['FROM a\nRUN --network=foo x', 'on line 2: invalid network mode: "foo"'],
    ['FROM a\nRUN --mount=type=foo,target=/x x', 'on line 2: unsupported mount type "foo"'],
    ['FROM a\nRUN --mount=type=tmpfs x', 'on line 2: target is required for mount type "tmpfs"'],
    ['FROM a\nRUN --mount=type=cache,target=/a,id x', "on line 2: invalid field 'id' must be a key=value pair"],
    ['FROM a\nRUN --mount=type=secret,size=1 x', "on line 2: unexpected key 'size' for mount type 'secret'"],
    ['FROM a\nCMD ["a", 1]', 'on line 2: when using JSON array syntax, arrays must be comprised of strings only'],
    ['FROM a\nSHELL sh', 'on line 2: SHELL requires the arguments to be in JSON form'],
    ['FROM a\nSTOPSIGNAL NOPE', 'on line 2: Invalid signal: NOPE'],
    ['FROM a\nHEALTHCHECK foo', 'on line 2: Unknown type "foo" in HEALTHCHECK (try CMD)'],
    ['FROM a\nHEALTHCHECK --interval=x CMD a', 'on line 2: invalid duration "x" for --interval'],
    ['FROM a\nONBUILD ONBUILD RUN a', "on line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['FROM a\nONBUILD FROM b', "on line 2: FROM isn't allowed as an ONBUILD trigger"],
    ['FROM a\nRUN <<EOF\nb', 'on line 2: unterminated heredoc "EOF"'],
    ['# escape=x\nFROM a', "on line 1: invalid escape token 'x' does not match ` or \\"],
    ['# escape=`\n# escape=`\nFROM a', 'on line 2: only one escape parser directive can be used'],
  ])('%j', (source, message) => {
    expect(() => parseDockerfile(source)).toThrow(message);
  });

  test('more stages than anybody needs are refused', () => {
    expect(() => parseDockerfile('FROM a\n'.repeat(501))).toThrow('on line 501: more than 500 stages');
  });
});
