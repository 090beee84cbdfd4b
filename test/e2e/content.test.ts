// Files in and out of containers, as docker compose copies them; images and archives made from containers; scale.
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { type Scenario, scenario } from '../support/scenario.ts';

const STACK = `
services:
  app:
    image: busybox:latest
    command: sleep 1000
    init: true
    stop_grace_period: 0s
    scale: 2
`;

async function stack(): Promise<Scenario> {
  const s = await scenario({
    files: { 'compose.yaml': STACK, 'd/a': 'A\n', 'd/sub/b': 'B\n', 'd/sub/.hidden': 'H\n' },
  });
  await s.command('sh', ['-c', 'ln -s a d/link; chmod 750 d/a; touch -d "2020-02-03 04:05:06 UTC" d/a; ln -s d ld']);
  await s.windlass(['up', '-d']);
  return s;
}

/** Names, kinds, modes and contents below a path of the first container. */
const tree = async (s: Scenario, path: string, index = 1): Promise<string> =>
  (
    await s.docker([
      ...['exec', `${s.project}-app-${index}`, 'sh', '-c'],
      `cd ${path} && find . | sort | while read f; do stat -c '%N %f %Y' "$f" | sed 's/ [0-9]*$//'; [ -f "$f" ] && cat "$f"; done; true`,
    ])
  ).stdout;

const INWARD: readonly (readonly [what: string, from: string, to: string])[] = [
  ['a file to a new name', 'd/a', '/tmp/new'],
  ['a file into a directory', 'd/a', '/tmp'],
  ['a file into a directory with a slash', 'd/a', '/tmp/'],
  ['a directory to a new name', 'd', '/tmp/copy'],
  ['a directory into a directory', 'd', '/tmp'],
  ['the contents of a directory', 'd/.', '/tmp'],
  ['the contents of a directory to a new name', 'd/.', '/tmp/copy'],
  ['a link as a link', 'd/link', '/tmp/link'],
  ['a directory through a slash', 'd/', '/tmp/copy'],
];

test('cp puts into every replica what docker compose puts there', async () => {
  const s = await stack();
  for (const [what, from, to] of INWARD) {
    const clear = 'rm -rf /tmp/* /tmp/.[a-z]*';
    await s.windlass(['exec', '--all', 'app', 'sh', '-c', clear]);
    await s.windlass(['cp', from, `app:${to}`]);
    const [ours, everywhere] = [await tree(s, '/tmp'), await tree(s, '/tmp', 2)];
    expect({ what, tree: everywhere }).toEqual({ what, tree: ours });
    await s.windlass(['exec', 'app', 'sh', '-c', clear]);
    await s.compose(['cp', '--index', '1', from, `app:${to}`]);
    expect({ what, tree: ours }).toEqual({ what, tree: await tree(s, '/tmp') });
  }
});

const OUTWARD: readonly (readonly [what: string, from: string, to: string])[] = [
  ['a file to a new name', '/src/a', 'new'],
  ['a file into a directory', '/src/a', 'out'],
  ['a directory to a new name', '/src', 'copy'],
  ['a directory into a directory', '/src', 'out'],
  ['the contents of a directory', '/src/.', 'out'],
  ['the contents of a directory to a new name', '/src/.', 'copy'],
  ['a link as a link', '/src/link', 'copied'],
];

test('cp takes out what docker compose takes out', async () => {
  const s = await stack();
  await s.compose(['cp', 'd', 'app:/src']);
  const look = async (by: (args: string[]) => Promise<unknown>, from: string, to: string): Promise<string> => {
    await s.command('sh', ['-c', 'rm -rf there; mkdir -p there/out']);
    await by(['cp', `app:${from}`, `there/${to}`]);
    const found = await s.command('sh', [
      '-c',
      `cd there; find . | sort | xargs stat -c '%N %f %Y'; find . -type f | sort | xargs cat`,
    ]);
    // Directories that the test made have the time of the test.
    return found.stdout.replace(/^('\.'|'\.\/out') (\w+) \d+$/gm, '$1 $2');
  };
  for (const [what, from, to] of OUTWARD) {
    const ours = await look((args) => s.windlass(args), from, to);
    expect({ what, tree: ours }).toEqual({ what, tree: await look((args) => s.compose(args), from, to) });
  }
});

test('cp keeps times and modes, follows a link on request, and speaks tar on its streams', async () => {
  const s = await stack();
  await s.windlass(['cp', 'd', 'app:/src']);
  await s.windlass(['cp', '--index', '1', 'app:/src', 'back']);
  const stats = await lstat(join(s.folder, 'back/a'));
  expect([stats.mode & 0o777, stats.mtimeMs]).toEqual([0o750, Date.parse('2020-02-03T04:05:06Z')]);
  expect(await readlink(join(s.folder, 'back/link'))).toBe('a');
  await s.windlass(['cp', '-L', 'app:/src/link', 'followed']);
  expect(await readFile(join(s.folder, 'followed'), 'utf8')).toBe('A\n');
  await s.windlass(['cp', '-L', 'ld', 'app:/through']);
  expect(await tree(s, '/through')).toBe(await tree(s, '/src'));
  const piped = await s.command('sh', [
    '-c',
    `"$0" "$1" cp app:/src/sub - | "$0" "$1" cp - app:/var && "$0" "$1" exec -T app cat /var/sub/b`,
    process.execPath,
    inject('ground').program,
  ]);
  expect(piped.stdout).toBe('B\n');
});

const REFUSED: readonly (readonly [args: readonly string[], message: string])[] = [
  [['nope', 'app:/tmp'], 'no such file or directory'],
  [['app:/nope', '.'], 'could not find the file /nope in container'],
  [['d', 'app:/etc/passwd'], 'cannot copy directory'],
  [['d/a', 'app:/nodir/'], 'no such directory'],
  [['app:/etc/passwd', 'nodir/x'], 'invalid output path: directory'],
  [['app:/etc/passwd', '/dev/null'], 'must be a directory or a regular file'],
  [['app:/x', 'app:/y'], 'copying between services is not supported'],
  [['a', 'b'], 'unknown copy direction'],
  [['d', 'nope:/x'], 'no container found for service "nope"'],
  [['--index', '7', 'd', 'app:/x'], 'service "app" is not running container #7'],
  [['', 'app:/x'], 'source can not be empty'],
];

test('cp says why it cannot', async () => {
  const s = await stack();
  for (const [args, message] of REFUSED)
    expect((await s.windlass(['cp', ...args], { exit: 1 })).stderr).toContain(message);
});

test('an archive that reaches outside its destination is refused', async () => {
  const s = await stack();
  // The link leads out of the destination, and a file is to be written through it.
  await s.docker(['exec', `${s.project}-app-1`, 'sh', '-c', 'mkdir -p /evil/in && ln -s ../../outside /evil/in/door']);
  await s.command('sh', ['-c', 'mkdir -p outside target/evil/in; ln -sfn ../../../outside target/evil/in/door']);
  await s.docker([
    'exec',
    `${s.project}-app-1`,
    'sh',
    '-c',
    'rm /evil/in/door; mkdir /evil/in/door; echo x > /evil/in/door/file',
  ]);
  await s.windlass(['cp', 'app:/evil', 'target'], { exit: 'any' });
  const outside = await s.command('sh', ['-c', 'ls outside']);
  expect(outside.stdout).toBe('');
});

test('commit and export', async () => {
  const s = await stack();
  await s.docker(['exec', `${s.project}-app-2`, 'touch', '/changed']);
  const tag = `${s.project}:committed`;
  const made = await s.windlass(['commit', '--index', '2', '-m', 'a message', '-a', 'me', '-c', 'ENV A=b', 'app', tag]);
  expect(made.stderr).toMatch(/Committed as sha256:[0-9a-f]{64}/);
  const image = JSON.parse((await s.docker(['image', 'inspect', tag])).stdout)[0];
  expect(image).toMatchObject({ Comment: 'a message', Author: 'me', Config: { Env: expect.arrayContaining(['A=b']) } });
  expect((await s.docker(['run', '--rm', tag, 'ls', '/changed'])).stdout).toBe('/changed\n');
  await s.docker(['image', 'rm', tag]);

  await s.windlass(['export', '--index', '2', '-o', 'out.tar', 'app']);
  expect((await s.command('tar', ['tf', 'out.tar'])).stdout).toContain('changed\n');
  const streamed = await s.command('sh', [
    '-c',
    `"$0" "$1" export --index 2 app | tar t`,
    process.execPath,
    inject('ground').program,
  ]);
  expect(streamed.stdout).toContain('changed\n');
  expect((await s.windlass(['export', '-o', 'nodir/x.tar', 'app'], { exit: 1 })).stderr).toContain('does not exist');
  expect((await s.windlass(['commit', 'nope'], { exit: 1 })).stderr).toContain('service "nope" is not running');
});

test('scale adds and takes away the highest numbers', async () => {
  const s = await stack();
  await s.windlass(['scale', 'app=4']);
  expect(Object.keys(await s.states())).toEqual(['app-1', 'app-2', 'app-3', 'app-4']);
  await s.windlass(['scale', 'app=1']);
  expect(Object.keys(await s.states())).toEqual(['app-1']);
  await s.windlass(['scale', 'app=0']);
  expect(await s.states()).toEqual({});
  expect((await s.windlass(['scale', 'app'], { exit: 1 })).stderr).toContain('invalid scale specifier: app');
  expect((await s.windlass(['scale', 'nope=1'], { exit: 1 })).stderr).toContain('no such service: nope');
});
