// Snapshots of volumes on real engines: taken, restored to the same tree, refused where they would harm, and copied.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readTar } from '../../src/archive/tar-reader.ts';
import { plainHeader, type TarSource, writeTar } from '../../src/archive/tar-writer.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';
import { type Scenario, scenario } from '../support/scenario.ts';

let native: NativeEngineUnderTest;
beforeAll(async () => {
  native = await startNativeEngine();
});
afterAll(async () => {
  expect(await native.tearDown()).toEqual([]);
});

const BOTH = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];

const records = (values: Readonly<Record<string, string>>): ReadonlyMap<string, Buffer> =>
  new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)] as const));

/** A tree with everything that is easily lost. */
function tree(): TarSource[] {
  const note = new Map([['user.note', Buffer.from('kept\0too')]]);
  const mtime = records({ mtime: '1700000000.123456789' });
  const file = (path: string, text: string, given: object = {}): TarSource => ({
    header: plainHeader({ path, size: Buffer.byteLength(text), ...given }),
    content: () => [Buffer.from(text)],
  });
  return [
    { header: plainHeader({ path: './', type: 'directory', mode: 0o1770, uid: 12, gid: 34, xattrs: note }) },
    { header: plainHeader({ path: 'd/', type: 'directory', mode: 0o2711, uid: 70000, gid: 5, xattrs: note }) },
    file('d/f', 'contents', { mode: 0o4751, uid: 999, gid: 998, xattrs: note, records: mtime }),
    { header: plainHeader({ path: 'hard', type: 'link', linkPath: 'd/f' }) },
    {
      header: plainHeader({ path: 'away', type: 'symlink', linkPath: '../../anywhere', uid: 7, mtime: 1_600_000_000 }),
    },
    { header: plainHeader({ path: 'pipe', type: 'fifo', mode: 0o620 }) },
    file('.hidden name\nwith a line', ''),
    // A byte that is no UTF-8.
    file('\udcff of Latin', 'ÿ'),
    file('hole', `${'2\n0\n4096\n8388608\n0\n'.padEnd(512, '\0')}${'z'.repeat(4096)}`, {
      records: records({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'hole',
        'GNU.sparse.realsize': '8388608',
      }),
    }),
  ];
}

/** Puts the tree into a folder, by GNU tar. */
async function plant(s: Scenario, folder: string): Promise<void> {
  const file = join(s.folder, 'tree.tar');
  await writeFile(file, Readable.from(writeTar(tree())));
  await s.command('tar', ['--extract', '--preserve-permissions', '--same-owner', ...BOTH, '-C', folder, '-f', file]);
}

/** Everything there is to know of a folder, a line an entry. */
async function listing(s: Scenario, folder: string): Promise<string> {
  const file = join(s.folder, 'listing.tar');
  const form = ['--create', '--sparse', '--sort=name', '--format=posix'];
  await s.command('tar', [...form, ...BOTH, '-C', folder, '-f', file, '.']);
  const lines: string[] = [];
  for await (const { path, type, mode, uid, gid, linkPath, xattrs, pax, body } of readTar(createReadStream(file))) {
    const hash = createHash('sha256');
    for await (const chunk of body()) hash.update(chunk);
    const name = pax.get('GNU.sparse.name')?.toString() ?? path;
    const size = pax.get('GNU.sparse.realsize')?.toString() ?? 'plain';
    const notes = [...xattrs].map(([key, value]) => `${key}=${value.toString('hex')}`);
    // The fields of one line say what is wrong when two trees differ.
    lines.push(
      [name, type, mode.toString(8), uid, gid, pax.get('mtime')?.toString(), linkPath, size, ...notes].join(' | '),
      hash.digest('hex'),
    );
  }
  return lines.join('\n');
}

const COMPOSE = `
services:
  web:
    image: busybox
    command: [sh, -c, 'while :; do echo beat; sleep 0.1; done > /work/beats']
    stop_grace_period: 0s
    volumes: ["data:/data", "work:/work"]
volumes:
  data: {}
  work: {}
  copy: {}
`;

const spoil = 'rm -rf /data/d /data/hole; echo other > /data/hard; touch /data/new; chown 0:0 /data; chmod 755 /data';

test.each(['docker', 'native'] as const)('%s: a snapshot brings back the very same tree', async (kind) => {
  const s = await scenario({ files: { 'compose.yaml': COMPOSE } });
  const state = join(s.folder, 'state');
  const env = { XDG_STATE_HOME: state, ...(kind === 'native' ? { DOCKER_HOST: native.host } : {}) };
  const windlass = (args: readonly string[], exit = 0) => s.windlass(args, { env, exit });
  const inWeb = (script: string) => windlass(['exec', '-T', 'web', 'sh', '-c', script]);
  await windlass(['up', '-d']);
  const inspected = await s.docker(['volume', 'inspect', '-f', '{{.Mountpoint}}', `${s.project}_data`], { env });
  const folder = inspected.stdout.trim();
  await plant(s, folder);
  const beside = await readdir(dirname(folder));
  const planted = await listing(s, folder);
  expect(planted).toContain('user.note=');

  expect((await windlass(['volume', 'snapshot', '--name', 'first'])).stdout).toBe('first\n');
  const listed = JSON.parse((await windlass(['volume', 'ls', '--format', 'json'])).stdout);
  expect(listed).toMatchObject({
    volumes: [
      { key: 'copy' },
      { key: 'data', name: `${s.project}_data`, services: ['web'] },
      { key: 'work', services: ['web'] },
    ],
    snapshots: [{ name: 'first', volumes: [{ key: 'data', entries: 9 }, { key: 'work' }] }],
  });

  await inWeb(spoil);
  const spoilt = await listing(s, folder);
  expect(spoilt).not.toBe(planted);
  await windlass(['--dry-run', 'volume', 'restore', 'first', 'data']);
  expect(await listing(s, folder)).toBe(spoilt);

  const restored = await windlass(['volume', 'restore', 'first', 'data']);
  expect(restored.stderr).toMatch(/web-1 {2}Stopped[\s\S]*web-1 {2}Started[\s\S]*_data {2}Restored/);
  expect(await listing(s, folder)).toBe(planted);
  expect(await readdir(dirname(folder))).toEqual(beside);
  // The container sees it, in place of what it had open.
  expect((await inWeb('cat /data/d/f; stat -c %h /data/hard')).stdout).toBe('contents2\n');

  await windlass(['volume', 'clone', 'data', 'copy']);
  expect(await listing(s, folder.replace(/_data\/_data$/, '_copy/_data'))).toBe(planted);
  expect((await windlass(['volume', 'clone', 'data', 'copy'], 1)).stderr).toContain('is not empty');

  // As a process leaves it that is killed between the two renames of the exchange.
  const aside = join(dirname(folder), '.windlass-restore-killed');
  await mkdir(join(aside, 'new'), { recursive: true });
  await rename(folder, join(aside, 'old'));
  await windlass(['volume', 'restore', 'first', 'data']);
  expect(await listing(s, folder)).toBe(planted);
  expect(await readdir(dirname(folder))).toEqual(beside);

  // Damaged, it is refused before anybody is stopped.
  const file = join(state, 'windlass/snapshots', s.project, 'first.tar.zst');
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length - 40));
  const refused = await windlass(['volume', 'restore', 'first'], 1);
  expect(refused.stderr).toMatch(/is refused: [\s\S]*hint: nothing was changed/);
  expect(refused.stderr).not.toContain('Stopp');
  expect(await listing(s, folder)).toBe(planted);

  await windlass(['pause']);
  await writeFile(file, whole);
  expect((await windlass(['volume', 'restore', 'first'], 1)).stderr).toContain('which is paused');
  expect((await windlass(['volume', 'rm', '-f', 'first'])).stderr).toContain('Snapshot first  Removed');
  expect((await windlass(['volume', 'ls', '-q'])).stdout).toBe('');
  await windlass(['down', '--volumes', '--timeout', '0']);
  await s.docker(['volume', 'rm', '-f', `${s.project}_copy`], { env });
});

/** busybox with this machine's tar before its own. */
async function buildTarImage(s: Scenario, name: string): Promise<void> {
  const { stdout } = await s.command('ldd', ['/bin/tar']);
  const libraries = stdout.match(/\/\S+(?= \(0x)/g) ?? [];
  const root = join(s.folder, 'image/root');
  await mkdir(join(root, 'gnu'), { recursive: true });
  await s.command('cp', ['-L', '--parents', ...libraries, root]);
  await s.command('cp', ['-L', '/bin/tar', join(root, 'gnu/tar')]);
  await s.write('image/Dockerfile', 'FROM busybox\nENV PATH=/gnu:/bin\nCOPY root /\n');
  await s.docker(['build', '-q', '-t', name, 'image'], { env: { DOCKER_BUILDKIT: '0' } });
}

test('a volume that only the engine reaches, and one that a stranger uses', async () => {
  const s = await scenario({
    files: {
      'compose.yaml': `
services:
  web: {image: busybox, command: [sleep, "600"], stop_grace_period: 0s, volumes: ["data:/data"]}
  # With it there is an image that has GNU tar.
  tar: {profiles: [tar], image: "\${TAR:-none}", command: [sleep, "600"], stop_grace_period: 0s}
volumes:
  data: {driver: local, driver_opts: {type: none, o: bind, device: "\${PWD}/bound"}}
`,
    },
  });
  const env = { XDG_STATE_HOME: join(s.folder, 'state'), PWD: s.folder };
  const windlass = (args: readonly string[], exit = 0) => s.windlass(args, { env, exit });
  const bound = join(s.folder, 'bound');
  await mkdir(bound);
  await windlass(['up', '-d']);
  await windlass(['exec', '-T', 'web', 'sh', '-c', 'cd /data; echo a > f; ln f g; mkdir -m 700 .d; chown 5:6 .d']);
  /** What must not change. The size of a folder is its file system's affair. */
  const entriesOf = (folder: string) =>
    Promise.all(
      ['.d', 'f', 'g'].map(async (name) => {
        const { mode, uid, gid, mtimeMs, nlink, size } = await stat(join(folder, name));
        return { name, mode, uid, gid, nlink, seconds: Math.floor(mtimeMs / 1000), size: name === '.d' ? 0 : size };
      }),
    );
  const before = await entriesOf(bound);
  const file = join(s.folder, 'kept.tar.gz');
  expect((await windlass(['volume', 'snapshot', '-o', file])).stdout).toBe(`${file}\n`);
  await windlass(['exec', '-T', 'web', 'sh', '-c', 'cd /data; rm -r f .d; echo other > g; touch .x ..y z']);

  const stranger = `${s.project}-stranger`;
  const mount = `${s.project}_data:/data`;
  await s.docker([
    'run',
    '-d',
    '--name',
    stranger,
    '--label',
    `com.docker.compose.project=${stranger}`,
    '-v',
    mount,
    'busybox',
    'sleep',
    '600',
  ]);
  try {
    expect((await windlass(['volume', 'restore', file], 1)).stderr).toContain(`used by container "${stranger}"`);
  } finally {
    await s.docker(['rm', '-f', stranger]);
  }
  await windlass(['stop']);
  await windlass(['volume', 'restore', file]);
  expect((await readdir(bound)).sort()).toEqual(['.d', 'f', 'g']);
  expect(await entriesOf(bound)).toEqual(before);

  const copy = `${s.project}-copy`;
  await windlass(['volume', 'clone', 'data', copy]);
  const found = await s.docker(['volume', 'inspect', '-f', '{{.Mountpoint}}', copy]);
  const copied = found.stdout.trim();
  const cloned = await entriesOf(copied);
  await s.docker(['volume', 'rm', copy]);
  expect(cloned).toEqual(before);

  // Nothing is lost where an image of the project has GNU tar.
  const TAR = `${s.project}-tar`;
  await buildTarImage(s, TAR);
  onTestFinished(async () => {
    await s.docker(['image', 'rm', '-f', TAR], { exit: 'any' });
  });
  await plant(s, bound);
  const planted = await listing(s, bound);
  expect(planted).toContain('user.note=');
  const withTar = (args: readonly string[]) => s.windlass(args, { env: { ...env, TAR } });
  const whole = join(s.folder, 'whole.tar.gz');
  await withTar(['volume', 'snapshot', '-o', whole]);
  await writeFile(join(bound, 'd/f'), 'other');
  await withTar(['volume', 'restore', whole]);
  expect(await listing(s, bound)).toBe(planted);
});
