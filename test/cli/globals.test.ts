import { describe, expect, it } from 'vitest';
import { type GlobalOptions, resolveGlobals } from '../../src/cli/globals.ts';
import { parseCommandLine } from '../../src/cli/program.ts';

const notices: string[] = [];

function globals(line: string, env: Record<string, string> = {}): GlobalOptions {
  const invocation = parseCommandLine([...line.split(' ').filter(Boolean), 'pause'], {
    program: 'windlass',
    width: 80,
  });
  if (invocation.kind !== 'command') throw new Error('not a command');
  notices.length = 0;
  return resolveGlobals(invocation.globals, env, '/work', (text) => notices.push(text));
}

describe('global options', () => {
  it("have docker compose's defaults", () => {
    expect(globals('')).toMatchObject({
      files: [],
      projectName: undefined,
      progress: 'auto',
      ansi: 'auto',
      color: true,
      parallel: 0,
      compatibility: false,
      dryRun: false,
    });
  });

  it.each<[string, Record<string, string>, Partial<GlobalOptions>]>([
    ['', { COMPOSE_PROGRESS: 'json' }, { progress: 'json' }],
    ['--progress plain', { COMPOSE_PROGRESS: 'json' }, { progress: 'plain' }],
    ['--progress none', {}, { progress: 'quiet' }],
    ['', { COMPOSE_ANSI: 'never' }, { ansi: 'never', progress: 'plain', color: false }],
    ['--ansi always', { COMPOSE_ANSI: 'never' }, { ansi: 'always', progress: 'tty', color: true }],
    ['', { NO_COLOR: '1' }, { color: false }],
    ['', { COMPOSE_PARALLEL_LIMIT: '4' }, { parallel: 4 }],
    ['--parallel 2', { COMPOSE_PARALLEL_LIMIT: '4' }, { parallel: 2 }],
    ['--parallel -1', {}, { parallel: 0 }],
    ['', { COMPOSE_COMPATIBILITY: 'true' }, { compatibility: true }],
    ['--compatibility=false', { COMPOSE_COMPATIBILITY: '1' }, { compatibility: false }],
    ['', { COMPOSE_ENV_FILES: 'a.env,b.env' }, { envFiles: ['/work/a.env', '/work/b.env'] }],
    ['--env-file c.env', { COMPOSE_ENV_FILES: 'a.env' }, { envFiles: ['/work/c.env'] }],
    ['--project-directory sub', {}, { projectDirectory: '/work/sub' }],
    ['--workdir sub', {}, { projectDirectory: '/work/sub' }],
    ['--no-ansi', {}, { ansi: 'never', progress: 'plain' }],
  ])('"%s" with %o', (line, env, expected) => {
    expect(globals(line, env)).toMatchObject(expected);
  });

  it('tell about deprecated flags', () => {
    globals('--workdir x --no-ansi');
    expect(notices).toEqual([
      "option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.",
      "option '--no-ansi' is DEPRECATED ! Please use '--ansi' instead.",
    ]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['--progress bad', {}, 'unsupported --progress value "bad"'],
    ['--progress tty --ansi never', {}, "can't use --progress tty while ANSI support is disabled"],
    ['--progress plain --ansi always', {}, "can't use --progress plain while ANSI support is forced"],
    ['', { COMPOSE_PARALLEL_LIMIT: 'x' }, 'COMPOSE_PARALLEL_LIMIT must be an integer (found: "x")'],
    ['--workdir a --project-directory b', {}, 'cannot specify DEPRECATED "--workdir"'],
    ['--no-ansi --ansi always', {}, 'cannot specify DEPRECATED "--no-ansi"'],
  ])('"%s" with %o is refused', (line, env, message) => {
    expect(() => globals(line, env)).toThrow(message);
  });
});
