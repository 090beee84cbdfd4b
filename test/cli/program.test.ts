import { describe, expect, it } from 'vitest';
import { commandGroups, commands } from '../../src/cli/declarations/index.ts';
import { allFlags, type Invocation, parseCommandLine } from '../../src/cli/program.ts';

const style = { program: 'windlass', width: 80 };
const parse = (line: string): Invocation => parseCommandLine(line.split(' ').filter(Boolean), style);

function command(line: string): Extract<Invocation, { kind: 'command' }> {
  const invocation = parse(line);
  if (invocation.kind !== 'command') throw new Error(`"${line}" is no command: ${invocation.error ?? invocation.text}`);
  return invocation;
}

function text(line: string): Extract<Invocation, { kind: 'text' }> {
  const invocation = parse(line);
  if (invocation.kind !== 'text') throw new Error(`"${line}" is a command`);
  return invocation;
}

describe('reading the command line', () => {
  it('finds the command, its flags and its arguments', () => {
    const { command: found, flags, args } = command('up -d --scale web=2 --scale db=1 web db');
    expect(found.name).toBe('up');
    expect(flags).toMatchObject({ detach: true, scale: ['web=2', 'db=1'], build: false, timeout: undefined });
    expect(args).toEqual(['web', 'db']);
  });

  it.each([
    ['up --timeout 5', 5],
    ['up --timeout=5', 5],
    ['up -t 5', 5],
    ['up -t5', 5],
    ['up -t=5', 5],
    ['up -t -1', -1],
    ['up -dt5', 5],
  ])('reads a number from "%s"', (line, timeout) => {
    expect(command(line).flags.timeout).toBe(timeout);
  });

  it.each([
    ['up', false],
    ['up -d', true],
    ['up --detach', true],
    ['up --detach=true', true],
    ['up --detach=1', true],
    ['up -d --detach=false', false],
    ['up --detach=F', false],
  ])('reads a boolean from "%s"', (line, detach) => {
    expect(command(line).flags.detach).toBe(detach);
  });

  it.each([
    ['up', undefined],
    ['up --menu', true],
    ['up --menu=false', false],
  ])('tells whether a boolean was given: "%s"', (line, menu) => {
    expect(command(line).flags.menu).toBe(menu);
  });

  it('keeps a flag that begins with "no" apart from the one without it', () => {
    expect(command('up --no-attach db').flags).toMatchObject({ attach: [], 'no-attach': ['db'] });
    expect(command('up --attach web --no-attach db').flags).toMatchObject({ attach: ['web'], 'no-attach': ['db'] });
    expect(command('up --no-deps').flags['no-deps']).toBe(true);
  });

  it('takes the last of a flag given twice', () => {
    expect(command('down --rmi local --rmi all').flags.rmi).toBe('all');
  });

  it('accepts deprecated names', () => {
    expect(command('up --y').flags.yes).toBe(true);
    expect(command('down --volume').flags.volumes).toBe(true);
    expect(command('rm -af').flags).toMatchObject({ all: true, force: true });
  });

  it('ends flags at two dashes', () => {
    expect(command('up -- -d').args).toEqual(['-d']);
  });

  it('reads global flags before the command only', () => {
    const { globals } = command('-f a.yaml -f b.yaml -p shop --profile x --parallel 3 up');
    expect(globals).toMatchObject({ file: ['a.yaml', 'b.yaml'], 'project-name': 'shop', profile: ['x'], parallel: 3 });
    expect(() => parse('stop -p shop')).toThrow("unknown shorthand flag: 'p' in -p");
  });

  it('accepts --dry-run before and after the command', () => {
    for (const line of ['--dry-run up', 'up --dry-run', 'down --dry-run'])
      expect(command(line).globals['dry-run'], line).toBe(true);
    expect(command('up').globals['dry-run']).toBe(false);
  });

  it('accepts --progress behind build', () => {
    expect(command('build --progress json web').globals.progress).toBe('json');
    expect(command('--progress json build').globals.progress).toBe('json');
    expect(() => parse('up --progress json')).toThrow('unknown flag: --progress');
  });
});

describe('a wrong command line', () => {
  it.each([
    ['up --foo', 'unknown flag: --foo'],
    ['up --foo=1', 'unknown flag: --foo'],
    ['up -Zq', "unknown shorthand flag: 'Z' in -Zq"],
    ['up -t x', 'invalid argument "x" for "-t, --timeout" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'up --detach=maybe',
      'invalid argument "maybe" for "-d, --detach" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    ['-f', "flag needs an argument: 'f' in -f"],
    ['--ansi', 'flag needs an argument: --ansi'],
    ['--parallel x up', 'invalid argument "x" for "--parallel" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  ])('"%s" is told in docker compose\'s words', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  it('suggests the flag that was meant', () => {
    expect(() => parse('up --detatch')).toThrow(expect.objectContaining({ hint: 'did you mean "--detach"?' }));
  });

  it('shows the help and names an unknown command', () => {
    const answer = text('upp');
    expect(answer.exitCode).toBe(1);
    expect(answer.error).toBe('unknown command "upp" for "windlass"\n  hint: did you mean "up"?');
    expect(answer.text).toContain('Usage:  windlass [OPTIONS] COMMAND');
  });

  it("names an unknown command in docker compose's words when it stands in its place", () => {
    expect(parseCommandLine(['upp'], { ...style, program: 'docker compose' })).toMatchObject({
      error: 'unknown docker command: "compose upp"\n  hint: did you mean "up"?',
    });
  });
});

describe('help', () => {
  it.each(['', '--help', '-h', 'help'])('"%s" shows all commands and exits 0', (line) => {
    const answer = text(line);
    expect(answer.exitCode).toBe(0);
    expect(answer.text).toMatch(/^ {2}up {2,}Create and start containers$/m);
  });

  it.each(['up --help', 'up -h', 'help up', 'up -d --help web'])('"%s" shows the command', (line) => {
    const answer = text(line);
    expect(answer.exitCode).toBe(0);
    expect(answer.text.split('\n').slice(0, 5)).toEqual([
      'Usage:  windlass up [OPTIONS] [SERVICE...]',
      '',
      'Create and start containers',
      '',
      'Options:',
    ]);
    expect(answer.text).toMatch(/^ {2}-d, --detach {2,}Detached mode/m);
    expect(answer.text).toMatch(/^ {6}--attach stringArray {2,}Restrict attaching/m);
  });

  it('leaves out hidden flags and stays within the width', () => {
    const { text: help } = text('rm --help');
    expect(help).not.toContain('--all');
    for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

describe('the declarations', () => {
  const all = [
    ...commands,
    ...commandGroups.flatMap((group) => [
      ...group.commands,
      ...(group.groups ?? []).flatMap((inner) => inner.commands),
    ]),
  ];

  it('have no two commands of one name', () => {
    const names = [...commands, ...commandGroups].flatMap((item) => [
      item.name,
      ...('aliases' in item ? (item.aliases ?? []) : []),
    ]);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(all.map((item) => [item.name, item] as const))('%s has no two flags of one name', (_, item) => {
    const flags = Object.entries(allFlags(item));
    const long = flags.flatMap(([key, flag]) => [key, ...(flag.aliases ?? [])]);
    const short = flags.flatMap(([, flag]) => (flag.short === undefined ? [] : [flag.short]));
    expect(long).toEqual([...new Set(long)]);
    expect(short).toEqual([...new Set(short)]);
  });
});
