// watch and up --watch on a real engine: what is saved here is what containers have there.
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually, type Scenario, scenario } from '../support/scenario.ts';
import { terminal, windlassWords } from '../support/terminal.ts';
import { treeOf } from '../watch/tree-of-files.ts';

/** What a container has below a path, as the docker command copies it out. */
async function inside(s: Scenario, container: string, path: string): Promise<Record<string, string>> {
  const copy = join(s.folder, '.copied');
  await rm(copy, { recursive: true, force: true });
  const ran = await s.docker(['cp', `${container}:${path}/.`, copy], { exit: 'any' });
  return ran.exitCode === 0 ? treeOf(copy) : {};
}

async function arrives(s: Scenario, container: string, from: string, to: string): Promise<void> {
  const wanted = await treeOf(join(s.folder, from));
  const state: { found: unknown } = { found: undefined };
  await eventually(`${container} has what is in ${from}`, async () => {
    state.found = await inside(s, container, to);
    return JSON.stringify(state.found) === JSON.stringify(wanted);
  }).catch(() => expect(state.found).toEqual(wanted));
}

const containerOf = (s: Scenario, name: string): string => `${s.project}-${name}`;

// busybox under the name of one of its programs: an image without rm, and without a shell.
const WITHOUT_RM = 'FROM scratch\nCOPY --from=busybox:latest /bin/busybox /sleep\nCMD ["/sleep", "100000"]\n';

const SYNCED = `
services:
  web:
    image: busybox:latest
    command: sleep 100000
    user: "1234:2345"
    scale: 2
    stop_grace_period: 0s
    develop:
      watch:
        - {action: sync, path: ./src, target: /app, ignore: [node_modules/], initial_sync: true}
  bare:
    build: ./bare
    stop_grace_period: 0s
    develop:
      watch:
        - {action: sync, path: ./src, target: /app, ignore: [node_modules/]}
        - {action: sync, path: ./one.conf, target: /etc/one/}
`;

test('files of every kind arrive in all replicas, and go, also where the image has no rm', async () => {
  const s = await scenario({
    files: {
      'compose.yaml': SYNCED,
      'bare/Dockerfile': WITHOUT_RM,
      'src/first': 'from the beginning',
      'one.conf': '1',
    },
  });
  const src = (path: string): string => join(s.folder, 'src', path);
  const watch = s.start(['watch']);
  await s.write('src/early', 'before it has looked');
  await watch.until('Watch enabled', 120_000);
  const all = [containerOf(s, 'web-1'), containerOf(s, 'web-2')];
  for (const container of all) await arrives(s, container, 'src', '/app');

  await s.write('src/first', 'saved');
  const waits = async (): Promise<boolean> => (await s.docker(['top', all[0] ?? ''])).stdout.includes('tar -xpf');
  await eventually('a shell waits in the container for the next save', waits);
  await s.write('src/deep/er/file', 'x');
  await mkdir(src('empty'));
  await symlink('../first', src('deep/link'));
  await chmod(src('deep/er/file'), 0o755);
  await writeFile(src('page.html.tmp'), 'safe');
  await rename(src('page.html.tmp'), src('page.html'));
  await s.write('src/node_modules/left-pad/index.js', 'ignored');
  await s.write('src/.page.html.swp', 'an editor was here');
  for (const path of ['node_modules', '.page.html.swp']) await rm(src(path), { recursive: true });
  await s.write('one.conf', '2');
  for (const container of [...all, containerOf(s, 'bare-1')]) await arrives(s, container, 'src', '/app');
  const owner = await s.docker(['exec', all[0] ?? '', 'stat', '-c', '%u:%g', '/app/first', '/app/deep/er']);
  expect(owner.stdout).toBe('1234:2345\n1234:2345\n');
  expect(await inside(s, containerOf(s, 'bare-1'), '/etc/one')).toEqual({ 'one.conf': 'file 644 2' });

  // Folder to file, file to folder, renamed, removed.
  await rm(src('deep/er'), { recursive: true });
  await s.write('src/deep/er', 'a file now');
  await rm(src('first'));
  await s.write('src/first/second', 'a folder now');
  await rename(src('empty'), src('renamed'));
  await rm(src('page.html'));
  for (const container of [...all, containerOf(s, 'bare-1')]) await arrives(s, container, 'src', '/app');
  const left = await s.docker(['cp', `${containerOf(s, 'bare-1')}:/`, join(s.folder, 'bare-root')]);
  expect(left.exitCode).toBe(0);
  expect(Object.keys(await treeOf(join(s.folder, 'bare-root'))).filter((path) => path.includes('windlass'))).toEqual(
    [],
  );

  // A save that changes nothing is no save; what is told after it shows that it was looked at.
  const told = (): number => watch.output().split('Syncing').length;
  const before = told();
  await s.write('src/deep/er', 'a file now');
  await s.write('one.conf', '3');
  await eventually('the next save is told', () => told() > before);
  await arrives(s, containerOf(s, 'bare-1'), 'src', '/app');
  expect(told()).toBe(before + 1);

  watch.signal('SIGINT');
  const ended = await watch.ended;
  expect([ended.exitCode, ended.stdout.trimEnd().split('\n').at(-1)]).toEqual([130, 'Watch disabled']);
  expect(ended.stderr).not.toContain('cannot');
  await eventually('no shell is left in the container', async () => !(await waits()));
});

const ACTIONS = `
x-windlass:
  watch:
    - {path: ./proto, run: "cp proto/a src/generated"}
services:
  web:
    build: .
    command: sleep 100000
    stop_grace_period: 0s
    environment: {GREETING: hello}
    develop:
      watch:
        - {action: sync, path: ./src, target: /src}
        - {action: sync+exec, path: ./conf, target: /conf, exec: {command: [sh, -c, "echo conf is $$(cat /conf/a); test ! -e /conf/bad"]}}
        - {action: sync+restart, path: ./again, target: /again}
        - {action: rebuild, path: ./Dockerfile}
`;

test('rebuild, restart, exec, commands here: what fails is told, what comes in meanwhile is kept', async () => {
  const s = await scenario({
    files: {
      'compose.yaml': ACTIONS,
      Dockerfile: 'FROM busybox:latest\nCOPY src /src\n',
      'src/a': '1',
      'conf/a': '1',
      'again/a': '1',
      'proto/a': '1',
    },
  });
  const web = containerOf(s, 'web-1');
  const cat = async (path: string): Promise<string> =>
    (await s.docker(['exec', web, 'cat', path], { exit: 'any' })).stdout;
  const watch = s.start(['watch']);
  await watch.until('Watch enabled', 120_000);

  await s.write('conf/a', 'two');
  await watch.until('conf is two');
  await s.write('conf/bad', 'x');
  await watch.until('exit status 1');
  await s.write('proto/a', 'made from proto');
  await eventually(
    'what a command here made has been synced',
    async () => (await cat('/src/generated')) === 'made from proto',
  );
  const first = await s.container('web');
  await s.write('again/a', 'restarted');
  await watch.until('service(s) ["web"] restarted');
  expect((await s.container('web')).State.StartedAt).not.toBe(first.State.StartedAt);
  expect(await cat('/again/a')).toBe('restarted');

  // Saved while the image is being built, after its files were taken.
  await s.write('Dockerfile', 'FROM busybox:latest\nCOPY src /src\nRUN sleep 3\n');
  await watch.until('Rebuilding service(s) ["web"] after changes were detected...');
  await watch.until('RUN sleep 3');
  await s.write('src/a', 'saved meanwhile');
  await watch.until('service(s) ["web"] successfully built', 60_000);
  await eventually('the new container has it', async () => (await cat('/src/a')) === 'saved meanwhile');
  expect(await cat('/conf/a')).toBe('two');
  const second = await s.container('web');
  expect(second.Id).not.toBe(first.Id);
  expect((await s.docker(['image', 'inspect', first.Image], { exit: 'any' })).exitCode).toBe(1);

  await s.write('Dockerfile', 'FROM busybox:latest\nRUN false\n');
  await watch.until(/Build failed. Error: .*code: 1/);
  expect((await s.container('web')).Id).toBe(second.Id);

  // Stopped while something is saved, and made anew: both are brought up to date.
  await s.docker(['stop', '-t', '0', web]);
  await s.write('src/a', 'saved while it was down');
  await s.docker(['start', web]);
  await eventually('the started container has it', async () => (await cat('/src/a')) === 'saved while it was down');

  const compose = await s.read('compose.yaml');
  await s.write('compose.yaml', compose.replace('{GREETING: hello}', 'nonsense'));
  await watch.until(/compose\.yaml:\d+:\d+/);
  await s.write('compose.yaml', compose.replace('hello', 'ahoy'));
  await watch.until(/container \S+-web-1: recreate \(config changed\)/);
  await eventually('the container is the new one', async () =>
    (await s.container('web')).Config.Env.includes('GREETING=ahoy'),
  );
  await eventually('and has what was saved', async () => (await cat('/src/a')) === 'saved while it was down');
  await s.write('src/a', 'and on it goes');
  await eventually('watching goes on', async () => (await cat('/src/a')) === 'and on it goes');
  watch.signal('SIGTERM');
  expect((await watch.ended).exitCode).toBe(130);
});

const ATTACHED = `
services:
  web:
    image: busybox:latest
    init: true
    command: sh -c 'echo ready; sleep 100000'
    develop:
      watch:
        - {action: sync+restart, path: ./src, target: /src}
`;

test('up --watch shows both, and ends both', async () => {
  const s = await scenario({ files: { 'compose.yaml': ATTACHED, 'src/a': '1' } });
  const up = s.start(['up', '--watch']);
  await up.until(/⦿ Watch enabled/, 60_000);
  await s.write('src/a', '2');
  await up.until(/⦿ service\(s\) \["web"\] restarted/);
  await up.until(/web-1 {2}\| ready[\s\S]*web-1 {2}\| ready/);
  up.signal('SIGINT');
  const ended = await up.ended;
  expect([ended.exitCode, ended.stdout.includes('⦿ Watch disabled')]).toEqual([130, true]);
  expect(await s.states()).toEqual({ 'web-1': 'exited' });
});

test('polling finds what is saved; nothing to watch, and rules that cannot be followed, are told', async () => {
  const s = await scenario({ files: { 'compose.yaml': ATTACHED, 'src/a': '1' }, env: { WINDLASS_WATCH_POLL: '100' } });
  const watch = s.start(['watch']);
  await watch.until('Watch enabled', 60_000);
  await s.write('src/new', '2');
  await watch.until('service(s) ["web"] restarted');
  watch.signal('SIGINT');
  await watch.ended;
  await s.windlass(['down', '-t', '0']);

  await s.write('none.yaml', 'services: {web: {image: busybox}}\n');
  const nothing = 'none of the selected services is configured for watch';
  for (const command of [['watch'], ['up', '--watch']])
    expect((await s.windlass(['-f', 'none.yaml', ...command], { exit: 1 })).stderr).toContain(nothing);
  await s.write('image.yaml', 'services: {web: {image: busybox, develop: {watch: [{action: rebuild, path: .}]}}}\n');
  expect((await s.windlass(['-f', 'image.yaml', 'watch'], { exit: 1 })).stderr).toContain(
    'can\'t watch service "web" with action rebuild without a build context',
  );
  expect(await s.remains()).toEqual([]);
});

test('the key w switches watching on and off beside an attached up', async () => {
  const s = await scenario({ files: { 'compose.yaml': ATTACHED, 'src/a': '1' } });
  const t = terminal(s, `${windlassWords()} up; echo "status=$?"`);
  await t.shows('w to switch watching on and off');
  await t.shows('ready');
  t.type('w');
  await t.shows('Watch enabled');
  await s.write('src/a', '2');
  await t.shows('service(s) ["web"] restarted');
  t.type('w');
  await t.shows('Watch disabled');
  t.type('\x03');
  await t.shows('status=130');
  t.kill();
});
