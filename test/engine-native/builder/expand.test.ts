import { describe, expect, test } from 'vitest';
import { BuildArgs, platformArgs } from '../../../src/engine/native/builder/build-args.ts';
import { expandWord, expandWords } from '../../../src/engine/native/builder/dockerfile/expand.ts';
import { parseDockerfile } from '../../../src/engine/native/builder/dockerfile/parse.ts';
import { expandInstruction } from '../../../src/engine/native/builder/expand-instruction.ts';

const variables = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['LIST', '80 443'],
  ['FILE', 'foo/bar/baz.tar.gz'],
]);
const expand = (text: string): string => expandWord(text, { variables, escapeToken: '\\' });

describe('a word', () => {
  test.each([
    ['$A', 'one'],
    ['${A}b', 'oneb'],
    ['$Ab', ''],
    ['$', '$'],
    ['$%x', '$%x'],
    ['a\\$A', 'a$A'],
    ["'$A'", '$A'],
    ['"$A b"', 'one b'],
    ['"\\$A \\x \\""', '$A \\x "'],
    ["it\\'s", "it's"],
    ['${B:-x$A}', 'xone'],
    ['${EMPTY:-x}', 'x'],
    ['${EMPTY-x}', ''],
    ['${B-x}', 'x'],
    ['${A:+set}', 'set'],
    ['${EMPTY:+set}', ''],
    ['${EMPTY+set}', 'set'],
    ['${B:-${A:+y}}', 'y'],
    ['${FILE#*/}', 'bar/baz.tar.gz'],
    ['${FILE##*/}', 'baz.tar.gz'],
    ['${FILE%.*}', 'foo/bar/baz.tar'],
    ['${FILE%%.*}', 'foo/bar/baz'],
    ['${FILE/ba/BA}', 'foo/BAr/baz.tar.gz'],
    ['${FILE//ba/BA}', 'foo/BAr/BAz.tar.gz'],
    ['${FILE%nothing}', 'foo/bar/baz.tar.gz'],
    ['${A:?gone}', 'one'],
  ])('%s → %s', (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  test.each([
    ["'a", 'unexpected end of statement while looking for matching single-quote'],
    ['"a', 'unexpected end of statement while looking for matching double-quote'],
    ['${A', "missing '}'"],
    ['${}', 'bad substitution'],
    ['${A:x}', 'unsupported modifier (x) in substitution'],
    ['${A&x}', 'unsupported modifier (&) in substitution'],
    ['${B:?must be set}', 'B: must be set'],
    ['${B?}', 'B: is not allowed to be unset'],
  ])('%s is a mistake', (text, message) => {
    expect(() => expand(text)).toThrow(message);
  });

  test('the escape may be another character', () => {
    expect(expandWord('c:\\x`$A', { variables, escapeToken: '`' })).toBe('c:\\x$A');
  });

  test('may become several where its value has spaces', () => {
    expect(expandWords('$LIST', { variables, escapeToken: '\\' })).toEqual(['80', '443']);
    expect(expandWords('"$LIST" ""', { variables, escapeToken: '\\' })).toEqual(['80 443', '']);
    expect(expandWords('a$LIST', { variables, escapeToken: '\\' })).toEqual(['a80', '443']);
  });

  test('many wildcards over a long value end soon', () => {
    const long = new Map([['X', 'a'.repeat(20_000)]]);
    const pattern = `\${X##${'*a'.repeat(30)}b}`;
    const started = performance.now();
    expandWord(pattern, { variables: long, escapeToken: '\\' });
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('an instruction', () => {
  const expanded = (text: string): unknown => {
    const [instruction] = parseDockerfile(`FROM a\n${text}`).stages[0]?.instructions ?? [];
    if (!instruction) throw new Error('no instruction');
    return expandInstruction(instruction, { variables, escapeToken: '\\' });
  };

  test.each([
    ['ENV B=$A', { pairs: [{ key: 'B', value: 'one' }] }],
    ['EXPOSE $LIST 90', { words: ['80', '443', '90'] }],
    ['COPY --chown=$A $A /$A/', { sources: ['one'], destination: '/one/', options: { chown: 'one' } }],
    ['WORKDIR /${A}', { value: '/one' }],
    [
      'RUN --mount=type=cache,id=$A,target=/$A echo $A',
      { mounts: [{ options: { id: 'one', target: '/one' } }], command: { words: ['echo $A'] } },
    ],
    ['CMD echo $A', { command: { words: ['echo $A'] } }],
    ['COPY <<E /x\n"$A" \\$A\nE', { heredocs: [{ content: '"one" $A\n' }] }],
    ["COPY <<'E' /x\n$A\nE", { heredocs: [{ content: '$A\n' }] }],
  ])('%s', (text, expected) => {
    expect(expanded(text)).toMatchObject(expected);
  });

  test('tells the line of a mistake', () => {
    expect(() => expanded('ENV B=${A')).toThrow(
      "dockerfile parse error on line 2: failed to process: syntax error: missing '}'",
    );
  });
});

describe('build arguments', () => {
  const platform = platformArgs('linux/arm64/v8', 'linux/amd64', 'default');

  test('the platform is known before the first stage, and in a stage that declares it', () => {
    const args = new BuildArgs(new Map(), platform);
    expect(args.globals().get('TARGETVARIANT')).toBe('v8');
    const stage = args.forStage();
    expect(stage.variables([]).has('TARGETARCH')).toBe(false);
    stage.declare('TARGETARCH', undefined);
    expect(stage.variables([]).get('TARGETARCH')).toBe('arm64');
  });

  test('given before default before global; a stage knows what it declares', () => {
    const args = new BuildArgs(new Map([['G', 'given']]), platform);
    args.declareGlobal('G', 'x');
    args.declareGlobal('H', 'global');
    const stage = args.forStage();
    expect(stage.variables([]).has('H')).toBe(false);
    for (const name of ['G', 'H', 'I']) stage.declare(name, undefined);
    stage.declare('J', 'own');
    expect([...stage.variables([])]).toEqual([
      ['G', 'given'],
      ['H', 'global'],
      ['J', 'own'],
    ]);
    expect(args.forStage().variables([]).size).toBe(0);
  });

  test('the environment wins', () => {
    const stage = new BuildArgs(new Map([['A', 'argument']]), platform).forStage();
    stage.declare('A', undefined);
    expect(stage.variables(['A=environment']).get('A')).toBe('environment');
    expect(stage.forCommand(['A=environment'])).toEqual({ visible: [], silent: [] });
  });

  test('proxies reach commands without a trace, unless they are declared', () => {
    const args = new BuildArgs(
      new Map([
        ['HTTP_PROXY', 'p'],
        ['X', 'y'],
      ]),
      platform,
    );
    const stage = args.forStage();
    expect(stage.forCommand([])).toEqual({ visible: [], silent: ['HTTP_PROXY=p'] });
    expect(args.leftOver()).toEqual(['X']);
    stage.declare('HTTP_PROXY', undefined);
    expect(stage.forCommand([])).toEqual({ visible: ['HTTP_PROXY=p'], silent: [] });
  });
});
