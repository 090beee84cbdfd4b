import { describe, expect, it } from 'vitest';
import { complete } from '../../../src/cli/completion/candidates.ts';
import { completionScript } from '../../../src/cli/completion/scripts.ts';
import { type Grammar, walk } from '../../../src/cli/completion/walk.ts';
import { commandGroups, commands } from '../../../src/cli/declarations/index.ts';
import { globalFlags } from '../../../src/cli/globals.ts';
import { allFlags } from '../../../src/cli/program.ts';

const grammar: Grammar = { globals: globalFlags, commands, groups: commandGroups, flagsOf: allFlags };
const at = (...words: string[]) => walk(words, grammar);

describe('where the cursor is', () => {
  it.each([
    [[''], 'command'],
    [['-'], 'flag'],
    [['-f', 'x.yaml', 'u'], 'command'],
    [['up', ''], 'argument'],
    [['up', '--no'], 'flag'],
    [['up', '--', '--no'], 'argument'],
    [['up', '--timeout', ''], 'value'],
    [['up', '--timeout='], 'value'],
    [['up', '-t', '5', ''], 'argument'],
    [['up', '-dt', ''], 'value'],
    [['exec', 'web', '-'], 'argument'],
    [['exec', '-e', 'A=b', 'web', 'ls', '-'], 'argument'],
  ])('%j: %s', (words, kind) => {
    expect(at(...words).position.kind).toBe(kind);
  });
  it('with the global flags before it', () => {
    const { globals, command, args } = at('-f', 'a', '--file=b', '--profile', 'p', 'logs', '-f', 'web', '');
    expect(Object.fromEntries(globals)).toEqual({ file: ['a', 'b'], profile: ['p'] });
    expect([command?.name, args]).toEqual(['logs', ['web']]);
  });
});

describe('what may stand there', () => {
  const lookUp = {
    services: async () => ['web', 'db'],
    profiles: async () => ['debug'],
    projects: async () => ['shop'],
  };
  const values = async (...words: string[]) =>
    (await complete(at(...words), grammar, lookUp)).candidates.map(({ value }) => value);
  it.each([
    [['-p', ''], ['shop']],
    [['--profile='], ['--profile=debug']],
    [['up', 'web', ''], ['db']],
    [
      ['up', '--exit-code-from', ''],
      ['web', 'db'],
    ],
    [
      ['config', '--format', ''],
      ['yaml', 'json'],
    ],
    [
      ['ls', '--format', ''],
      ['table', 'json'],
    ],
    [['port', 'web', ''], ['db']],
    [
      ['attach', ''],
      ['web', 'db'],
    ],
    [['version', ''], []],
  ])('%j', async (words, expected) => {
    expect(await values(...words)).toEqual(expected);
  });
  it('no hidden command or flag', async () => {
    expect(await values('')).not.toContain('__complete');
    expect(await values('-')).not.toContain('--workdir');
  });
  it('every command and flag is known to the parser', async () => {
    for (const command of commands.filter(({ hidden }) => hidden !== true))
      expect(await values(command.name, '--')).toContain('--dry-run');
  });
});

it.each(['bash', 'zsh', 'fish'] as const)('the script for %s is for the program as it is called', (shell) => {
  const script = completionScript(shell, 'docker-compose');
  expect(script).toContain('docker-compose');
  expect(script).not.toMatch(/@[A-Z]+@/);
  expect(script).toContain('_docker_compose_complete');
});
