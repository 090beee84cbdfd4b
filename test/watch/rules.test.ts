import { describe, expect, test } from 'vitest';
import type { Service, WatchRule } from '../../src/model.ts';
import { limitError } from '../../src/watch/folder-watch.ts';
import { type Due, route } from '../../src/watch/route.ts';
import { compileRule, interestOf, readBuildIgnores } from '../../src/watch/rules.ts';

const sync: WatchRule = { path: '/work/src', action: 'sync', target: '/app' };
const rule = (more: Partial<WatchRule> = {}, dockerignore?: string) =>
  compileRule(
    'web',
    { ...sync, ...more },
    dockerignore === undefined ? undefined : { root: '/work', text: dockerignore },
  );

describe('what a rule matches', () => {
  const table: [string, Partial<WatchRule>, string | undefined, string, boolean][] = [
    ['a file below its path', {}, undefined, '/work/src/a/b.js', true],
    ['its path itself', {}, undefined, '/work/src', true],
    ['nothing beside its path', {}, undefined, '/work/src2/a', false],
    ['nothing ignored', { ignore: ['*.log'] }, undefined, '/work/src/a.log', false],
    ['a pattern without ** at the top only', { ignore: ['*.log'] }, undefined, '/work/src/a/b.log', true],
    ['a pattern with ** at any depth', { ignore: ['**/*.log'] }, undefined, '/work/src/a/b.log', false],
    ['what is below an ignored folder', { ignore: ['node_modules/'] }, undefined, '/work/src/node_modules/x/y', false],
    ['what an exception takes back', { ignore: ['out', '!out/keep'] }, undefined, '/work/src/out/keep', true],
    ['only what is included', { include: ['*.py'] }, undefined, '/work/src/a.txt', false],
    ['what is included', { include: ['**/*.py'] }, undefined, '/work/src/pkg/a.py', true],
    ['ignored beats included', { include: ['*.py'], ignore: ['a.py'] }, undefined, '/work/src/a.py', false],
    ['nothing that .dockerignore leaves out', {}, 'src/tmp', '/work/src/tmp/x', false],
    ['.dockerignore starts from the context', {}, 'tmp', '/work/src/tmp/x', true],
    ['what .dockerignore takes back', {}, '*\n!src', '/work/src/a', true],
    ['what is left out after being taken back', {}, '*\n!src\nsrc/tmp', '/work/src/tmp/x', false],
    ['everything, where .dockerignore is * alone', {}, '*', '/work/src/a', true],
    ['no git folder', {}, undefined, '/work/src/.git/index', false],
    ["no editor's file: vim", {}, undefined, '/work/src/.a.js.swp', false],
    ["no editor's file: the probe of vim", {}, undefined, '/work/src/4913', false],
    ["no editor's file: emacs", {}, undefined, '/work/src/#a.js#', false],
    ["no editor's file: JetBrains", {}, undefined, '/work/src/a.js___jb_tmp___', false],
    ['names that only look similar', {}, undefined, '/work/src/a.swf', true],
  ];
  test.each(table)('%s', (_, more, dockerignore, path, expected) => {
    expect(rule(more, dockerignore).matches(path)).toBe(expected);
  });

  test('a pattern that is none is an error', () => {
    expect(() => rule({ ignore: ['a[b'] })).toThrow(SyntaxError);
  });
});

describe('what is not even looked into', () => {
  test('ignored folders, unless something in them is taken back', () => {
    expect(rule({ ignore: ['node_modules'] }).skips('/work/src/node_modules')).toBe(true);
    expect(rule({ ignore: ['out', '!out/keep'] }).skips('/work/src/out')).toBe(false);
    expect(rule({}, 'src/vendor').skips('/work/src/vendor')).toBe(true);
  });

  test('a folder that one of two rules wants is looked into', () => {
    const { wants } = interestOf([rule({ ignore: ['doc'] }), rule({ path: '/work/src/doc/api' })]);
    expect(wants('/work/src/doc')).toBe(true);
    expect(wants('/work/src/doc/api/x')).toBe(true);
    expect(wants('/work/src/doc/other')).toBe(false);
  });

  test('looking starts at the folders that hold the watched paths, each once', () => {
    const { roots } = interestOf([rule(), rule({ path: '/work/src/a' }), rule({ path: '/etc/hosts' })]);
    expect(roots).toEqual(['/work', '/etc']);
  });
});

test("a Dockerfile's own ignore file comes before the context's", () => {
  const files: Record<string, string> = { '/work/dev.Dockerfile.dockerignore': 'own', '/work/.dockerignore': 'common' };
  const service = (dockerfile?: string): Service => ({
    name: 'web',
    command: null,
    entrypoint: null,
    build: { context: '/work', ...(dockerfile === undefined ? {} : { dockerfile }) },
  });
  const read = (path: string): string | undefined => files[path];
  expect(readBuildIgnores(service('dev.Dockerfile'), read)?.text).toBe('own');
  expect(readBuildIgnores(service(), read)?.text).toBe('common');
  expect(readBuildIgnores({ ...service(), build: { context: 'https://example.org/a.git' } }, read)).toBeUndefined();
});

describe('what is due', () => {
  const due = (rules: Parameters<typeof route>[0], ...paths: string[]): Map<string, Due> => {
    const found = new Map<string, Due>();
    route(rules, paths, found);
    return found;
  };

  test('each path once, at its place below the target', () => {
    const web = due([rule()], '/work/src/a', '/work/src/b/c', '/work/src/a').get('web');
    expect([...(web?.targets.keys() ?? [])]).toEqual(['/app/a', '/app/b/c']);
  });

  test('several rules on one path: every target, every action once', () => {
    const rules = [
      rule(),
      rule({ action: 'sync+restart', target: '/copy' }),
      rule({ action: 'sync+exec', exec: { command: ['x'] } }),
      compileRule('worker', { path: '/work', action: 'rebuild' }, undefined),
    ];
    const found = due(rules, '/work/src/a', '/work/src/b');
    const web = found.get('web');
    expect([...(web?.targets.keys() ?? [])].sort()).toEqual(['/app/a', '/app/b', '/copy/a', '/copy/b']);
    expect([web?.restart, web?.rebuild, web?.execs.size]).toEqual([true, false, 1]);
    expect(found.get('worker')).toMatchObject({ rebuild: true, restart: false });
  });

  test('a path that is mounted is not copied, but what follows upon it is due', () => {
    const mounted = compileRule('web', { ...sync, action: 'sync+restart' }, undefined, { mounted: true });
    expect(due([mounted], '/work/src/a').get('web')).toMatchObject({ restart: true, targets: new Map() });
  });

  test('nothing for nobody', () => {
    expect(due([rule()], '/elsewhere').size).toBe(0);
  });
});

describe('a limit of the kernel', () => {
  const reached = (code: string, now: string): { message: string; hint: string } =>
    limitError(Object.assign(new Error(code), { code }), '/work', () => now) as { message: string; hint: string };

  test('is told with the setting that raises it and the way without it', () => {
    const { message, hint } = reached('ENOSPC', '8192');
    expect(message).toBe('cannot watch "/work": the limit of 8192 watches is reached');
    expect(hint).toContain('sudo sysctl fs.inotify.max_user_watches=524288');
    expect(hint).toContain('--poll');
  });

  test('is raised beyond what it is', () => {
    expect(reached('ENOSPC', '600000').hint).toContain('max_user_watches=1200000');
    expect(reached('EMFILE', '128').hint).toContain('fs.inotify.max_user_instances=1024');
  });
});
