import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownRules } from '../../src/cli/watch/own-rules.ts';
import type { Project } from '../../src/model.ts';
import { MountedFiles } from '../../src/watch/mounted-files.ts';
import { ownerFrom } from '../../src/watch/owner.ts';
import { removerProgram } from '../../src/watch/remover-program.ts';
import { isPlain, syncWork } from '../../src/watch/sync-archive.ts';
import { aProject } from '../support/project-builder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'windlass-parts-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the remover', () => {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64'];

  test.skipIf(machine === undefined)('removes files, empty folders and itself; what is gone is no failure', () => {
    const program = join(root, 'remove');
    writeFileSync(program, removerProgram(machine ?? '') ?? '', { mode: 0o700 });
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'folder/file'), 'x');
    const { status } = spawnSync(program, ['folder/file', 'folder', 'never/was', 'remove'], { cwd: root });
    expect([status, existsSync(join(root, 'folder')), existsSync(program)]).toEqual([0, false, false]);
  });

  test.skipIf(machine === undefined)('says when something stays', () => {
    const program = join(root, 'remove');
    writeFileSync(program, removerProgram(machine ?? '') ?? '', { mode: 0o700 });
    mkdirSync(join(root, 'folder/in'), { recursive: true });
    expect(spawnSync(program, ['folder'], { cwd: root }).status).toBe(1);
    expect(existsSync(join(root, 'folder/in'))).toBe(true);
  });

  test('is there for the names that engines use, and for no other machine', () => {
    expect(removerProgram('amd64')).toEqual(removerProgram('x86_64'));
    expect(removerProgram('arm64')?.readUInt16LE(18)).toBe(183);
    expect(removerProgram('riscv64')).toBeUndefined();
  });
});

describe('whom files belong to', () => {
  const files: Record<string, string> = {
    '/etc/passwd': 'root:x:0:0::/:\nnode:x:1000:1001::/home/node:\n',
    '/etc/group': 'root:x:0:\nstaff:x:50:\n',
  };
  const read = async (path: string): Promise<string> => files[path] ?? '';
  test.each([
    ['', 0, 0],
    ['node', 1000, 1001],
    ['1000', 1000, 1001],
    ['1234', 1234, 0],
    ['1234:2345', 1234, 2345],
    ['node:staff', 1000, 50],
    ['1234:staff', 1234, 50],
    ['nobody-knows', 0, 0],
  ])('user "%s" is %i:%i', async (user, uid, gid) => {
    expect(await ownerFrom(user, read)).toEqual({ uid, gid });
  });
});

test('a mounted file gets what its successor holds, however often it is replaced', () => {
  const path = join(root, 'site.conf');
  const save = (text: string): void => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  writeFileSync(path, 'the first one, rather long');
  // As a container's mount: the file that was there, whatever comes in its place.
  const mount = openSync(path, 'r');
  const mounted = (): string => {
    const bytes = Buffer.alloc(100);
    return bytes.toString('utf8', 0, readSync(mount, bytes, 0, bytes.length, 0));
  };
  const files = new MountedFiles();
  files.add([path]);
  save('second');
  files.update(path);
  expect(mounted()).toBe('second');
  save('third');
  files.update(path);
  expect([mounted(), readFileSync(path, 'utf8')]).toEqual(['third', 'third']);
  rmSync(path);
  files.update(path);
  expect(mounted()).toBe('third');
  files.close();
  closeSync(mount);
});

describe('what a sync has to do', () => {
  const mapping = (path: string) => ({ host: join(root, path), target: `/app/${path}`, root });

  test('what is there is copied, what is not is removed, and nothing below what is removed', () => {
    writeFileSync(join(root, 'a'), 'x');
    const { items, removals } = syncWork(['a', 'gone', 'gone/below', 'gone/below/that'].map(mapping));
    expect([items.map(({ target }) => target), removals]).toEqual([['/app/a'], ['/app/gone']]);
  });

  test('links and long names are for the engine to unpack', () => {
    writeFileSync(join(root, 'a'), 'x');
    symlinkSync('a', join(root, 'link'));
    mkdirSync(join(root, 'd'.repeat(95)));
    mkdirSync(join(root, 'd'.repeat(96)));
    const plain = (path: string): boolean => isPlain(syncWork([mapping(path)]).items);
    expect(['a', 'link', 'd'.repeat(95), 'd'.repeat(96)].map(plain)).toEqual([true, false, true, false]);
  });

  test('below a folder that is a file or a link now, nothing is touched', () => {
    writeFileSync(join(root, 'a'), 'a file');
    const { items, removals } = syncWork(['a/b', 'a'].map(mapping));
    expect([items.map(({ target }) => target), removals]).toEqual([['/app/a'], []]);
  });
});

describe('rules in x-windlass', () => {
  const withRules = (watch: unknown): Project =>
    aProject({ services: { web: {}, nginx: {} }, workingDir: '/work', 'x-windlass': { watch } });

  test('a command here: a text for the shell, or a list', () => {
    const [text, list] = ownRules(
      withRules([
        { path: './proto', run: 'make x' },
        { path: '/a', run: ['make', 'y'] },
      ]),
      [],
    );
    expect(text).toMatchObject({ path: '/work/proto', label: '"make x"' });
    expect(text?.run).toEqual({ where: 'host', command: ['sh', '-c', 'make x'], directory: '/work' });
    expect(list?.run).toMatchObject({ command: ['make', 'y'] });
  });

  test('a command in a service', () => {
    const [rule] = ownRules(withRules([{ path: '.', service: 'nginx', exec: ['nginx', '-s', 'reload'] }]), []);
    expect(rule?.run).toEqual({ where: 'service', service: 'nginx', hook: { command: ['nginx', '-s', 'reload'] } });
    expect(rule?.label).toBe('"nginx -s reload" in service "nginx"');
  });

  test.each([
    ['no list', {}, 'x-windlass.watch must be a list of rules'],
    ['no path', [{ run: 'x' }], 'x-windlass.watch[0].path must name a file or folder'],
    ['neither command', [{ path: '.' }], 'x-windlass.watch[0] must have "run" or "exec", and not both'],
    ['both commands', [{ path: '.', run: 'x', exec: 'y' }], 'must have "run" or "exec", and not both'],
    ['no such service', [{ path: '.', service: 'no', exec: 'y' }], 'names no service: "no"'],
    ['a slip', [{ path: '.', rum: 'x' }], 'has no "rum"'],
  ])('%s is told with its place', (_, rules, message) => {
    expect(() => ownRules(withRules(rules), [])).toThrow(message);
  });
});
