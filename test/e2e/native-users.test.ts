// Remapped users on a real kernel, with every OCI runtime there is: what a container sees, what it is on the host, and what it cannot reach.
import { access, mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../scripts/ground/run.ts';
import { eventually } from '../support/eventually.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

const RUNTIMES: string[] = [];
for (const name of ['crun', 'runc'])
  if ((await run('sh', ['-c', `command -v ${name}`])).exitCode === 0) RUNTIMES.push(name);

const NAME = `box-${RUNTIMES[0]}`;

let engine: NativeEngineUnderTest;
/** What uid 0 and gid 0 of containers are on the host. */
let root: { uid: number; gid: number };
beforeAll(async () => {
  engine = await startNativeEngine({ remapped: 'default' });
  const first = async (file: string) =>
    Number(/^windlass-remap:(\d+):65536$/m.exec(await readFile(join(engine.changedEtc, file), 'utf8'))?.[1]);
  root = { uid: await first('subuid'), gid: await first('subgid') };
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

const docker = async (...args: string[]) => (await engine.docker(args)).stdout.trim();
const inside = (name: string, command: string) => docker('exec', name, 'sh', '-c', command);
const refused = async (...args: string[]) => (await engine.docker(args, { exit: 125 })).stderr;
const pidOf = (name: string) => engine.inspect(name, ({ State }) => State.Pid);
const ownerOf = async (path: string) => {
  const { uid, gid } = await stat(path);
  return { uid, gid };
};
/** Ids of the inside as the host has them. */
const onHost = (uid: number, gid: number) => ({ uid: root.uid + uid, gid: root.gid + gid });

test('the engine says that users are remapped, and to whom', async () => {
  expect(await docker('info', '--format', '{{json .SecurityOptions}}')).toContain('"name=userns"');
  expect(root.uid).toBeGreaterThanOrEqual(100_000);
  expect(await readFile(join(engine.changedEtc, 'passwd'), 'utf8')).toContain('windlass-remap:');
});

describe.each(RUNTIMES)('with %s', (runtime) => {
  const name = `box-${runtime}`;

  test('root inside is nobody outside', async () => {
    const before = await ownerOf('/dev/null');
    const closed = join(engine.folder, 'closed', runtime);
    await mkdir(closed, { recursive: true, mode: 0o700 });
    await writeFile(join(closed, 'file'), 'of the host');
    await docker('network', 'create', `net-${runtime}`);
    const options = [
      ...['--runtime', runtime, '--network', `net-${runtime}`, '-p', '127.0.0.1::80', '--ipc', 'shareable'],
      ...['--domainname', 'inner.test', '-v', `${closed}:/closed:ro`],
    ];
    const serve =
      'touch /mine; mkdir /theirs; chown 7:8 /theirs; echo served > /tmp/index.html; httpd -f -p 80 -h /tmp';
    await docker('run', '-d', '--name', name, ...options, '-v', `etc-${runtime}:/etc`, 'busybox', 'sh', '-c', serve);
    const pid = await pidOf(name);
    const { home, port } = await engine
      .inspect(name, ({ Id }) => Id)
      .then(async (id) => ({
        home: join(engine.folder, 'containers', id),
        port: (await docker('port', name, '80')).split(':')[1],
      }));
    await eventually('the server', async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);

    // Inside.
    expect(await inside(name, 'id -u; cat /proc/self/uid_map | tr -s " "')).toBe(`0\n 0 ${root.uid} 65536`);
    expect(await inside(name, 'stat -c %u:%g / /bin/busybox /mine /theirs /etc/hosts /dev/shm')).toBe(
      '0:0\n0:0\n0:0\n7:8\n0:0\n0:0',
    );
    await inside(name, 'echo "10.0.0.1 added" >> /etc/hosts; echo > /etc/resolv.conf; echo new > /etc/hostname');
    expect(await inside(name, 'cat /proc/sys/net/ipv4/ping_group_range | tr "\\t" " "')).toBe('0 65535');
    expect(await inside(name, 'cat /proc/sys/kernel/domainname')).toBe('inner.test');
    expect(await docker('exec', '-u', '1000:1000', name, 'id', '-u')).toBe('1000');
    expect(await docker('exec', '-t', name, 'tty')).toBe('/dev/pts/0');

    // Outside: its process, its namespaces, its files, and the host's own.
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:\\s+${root.uid}\\s`, 'm'));
    expect(await readlink(`/proc/${pid}/ns/user`)).not.toBe(await readlink('/proc/self/ns/user'));
    expect(await ownerOf(join(home, 'upper/mine'))).toEqual(onHost(0, 0));
    expect(await ownerOf(join(home, 'upper/theirs'))).toEqual(onHost(7, 8));
    expect(await ownerOf(join(engine.folder, `volumes/etc-${runtime}/_data/passwd`))).toEqual(onHost(0, 0));
    expect(await ownerOf('/dev/null')).toEqual(before);

    // Beside it: by its name, in its network, among its processes, in its memory.
    const with_ = ['run', '--rm', '--runtime', runtime];
    const get = ['wget', '-qO-', `http://${name}/`];
    expect(await docker(...with_, '--network', `net-${runtime}`, 'busybox', ...get)).toBe('served');
    expect(await docker(...with_, 'busybox', 'ping', '-c1', '-W5', '127.0.0.1')).toContain('1 packets received');
    for (const kind of ['network', 'pid', 'ipc'])
      expect(
        await docker(...with_, `--${kind}`, `container:${name}`, 'busybox', 'readlink', '/proc/self/ns/user'),
      ).toBe(await readlink(`/proc/${pid}/ns/user`));
  });

  test('the host is out of reach, whatever capabilities it is given', async () => {
    const host = join(engine.folder, `host-${runtime}`);
    await mkdir(host, { mode: 0o755 });
    await writeFile(join(host, 'secret'), 'of the host', { mode: 0o600 });
    await writeFile(join(host, 'public'), 'for all', { mode: 0o644 });
    const tries = [
      'cat /host/secret',
      'echo x > /host/public',
      'chown 0:0 /host/public',
      'touch /host/new',
      'rm /host/public',
      'chmod 4755 /host/public',
      'mknod /disk b 8 0',
      'echo 1 > /proc/sys/kernel/sysrq',
      'mount -o remount,rw /proc/sys && echo 1 > /proc/sys/vm/swappiness',
      'dmesg',
      'mount -t ext4 /dev/vda /mnt',
      'hwclock -w',
      'cat /proc/1/root/host/secret',
    ];
    const script = tries.map((attempt) => `(${attempt}) >/dev/null 2>&1 && echo "${attempt}"`).join('; ');
    const everything = [
      '--cap-add',
      'ALL',
      '--security-opt',
      'seccomp=unconfined',
      '--security-opt',
      'apparmor=unconfined',
    ];
    const bound = ['-v', `${host}:/host`, '-v', `${host}/public:/read:ro`];
    const given = ['run', '--rm', '--runtime', runtime, ...everything, ...bound, 'busybox', 'sh', '-c'];
    expect(await docker(...given, `${script}; cat /host/public`)).toBe('for all');
    expect(await docker(...given, 'stat -c %u:%g /host/public; cat /read')).toBe('65534:65534\nfor all');
    expect(await readdir(host)).toEqual(['public', 'secret']);
  });
});

test('archives, images and volumes have the ids of the inside', async () => {
  const tar = async (...args: string[]) => {
    const env = { ...process.env, DOCKER_HOST: engine.host };
    const read = await run('sh', ['-c', 'docker "$@" | tar tvf - --numeric-owner', 'sh', ...args], { env });
    expect([read.exitCode, read.stderr]).toEqual([0, '']);
    return read.stdout;
  };
  const source = join(engine.folder, 'copied');
  await mkdir(source);
  await writeFile(join(source, 'file'), 'text');
  for (const state of ['running', 'stopped']) {
    expect(await tar('cp', `${NAME}:/theirs`, '-')).toMatch(/^drwxr-xr-x 7\/8 .* theirs\/$/m);
    await docker('cp', '-a', source, `${NAME}:/theirs/${state}`);
    // Whole, without what is mounted: a folder of the host that is closed to the container among it.
    const exported = await tar('export', NAME);
    expect(exported).toMatch(new RegExp(` 0/0 .*theirs/${state}/file$`, 'm'));
    expect(exported).not.toMatch(/ \.\/proc\/.+| \.\/closed\/.+/);
    if (state === 'running') await docker('stop', '-t', '0', NAME);
  }
  expect(await docker('diff', NAME)).toContain('A /theirs/stopped');
  await docker('commit', NAME, 'kept');
  const shown = ['stat', '-c', '%u:%g', '/theirs', '/theirs/stopped/file', '/mine'];
  for (const mode of [[], ['--userns', 'host']])
    expect(await docker('run', '--rm', ...mode, 'kept', ...shown)).toBe('7:8\n0:0\n0:0');
  await docker('run', '--rm', '-v', 'theirs:/theirs', 'kept', 'true');
  expect(await ownerOf(join(engine.folder, 'volumes/theirs/_data'))).toEqual(onHost(7, 8));
  expect(await ownerOf(join(engine.folder, 'volumes/theirs/_data/running/file'))).toEqual(onHost(0, 0));
});

test('what belongs to the host is refused in Docker’s words, and had with its ids', async () => {
  const words: readonly (readonly [string[], string])[] = [
    [
      ['--privileged'],
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace',
    ],
    [['--network', 'host'], "cannot share the host's network namespace when user namespaces are enabled"],
    [['--pid', 'host'], 'cannot share the host PID namespace when user namespaces are enabled'],
    [['--ipc', 'host'], 'cannot share the host IPC namespace when user namespaces are enabled'],
  ];
  for (const [options, message] of words)
    expect(await refused('run', '--rm', ...options, 'busybox', 'true')).toContain(message);
  const all = ['--privileged', '--network', 'host', '--pid', 'host', '--ipc', 'host'];
  await docker('run', '-d', '--name', 'of-the-host', '--userns', 'host', ...all, 'busybox', 'sleep', '1000');
  expect(await inside('of-the-host', 'cat /proc/self/uid_map | tr -s " "')).toBe('0 0 4294967295');
  expect(await docker('inspect', '-f', '{{.HostConfig.UsernsMode}}', 'of-the-host')).toBe('host');
  const joined = ['run', '--rm', '--network', 'container:of-the-host', 'busybox', 'true'];
  expect(await refused(...joined)).toContain('it has other ids on the host');
});

test('builds run remapped, and make images with the ids of the inside', async () => {
  const context = join(engine.folder, 'context');
  await mkdir(context);
  await writeFile(join(context, 'file'), 'of the context');
  const lines = [
    'FROM busybox',
    'RUN tr -s " " < /proc/self/uid_map > /map; mkdir /theirs; chown 7:8 /theirs',
    'COPY --chown=9:10 file /theirs/',
    'RUN --mount=type=cache,target=/cache --mount=type=bind,target=/context stat -c %u:%g /cache /context/file > /seen',
  ];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  const env = { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' };
  const built = await run('docker', ['build', '-q', '-t', 'built', context], { env });
  expect([built.exitCode, built.stderr]).toEqual([0, expect.anything()]);
  const show = 'cat /map /seen; stat -c %u:%g /theirs /theirs/file /map';
  for (const mode of [[], ['--userns', 'host']])
    expect(await docker('run', '--rm', ...mode, 'built', 'sh', '-c', show)).toMatch(
      new RegExp(`^ ?0 ${root.uid} 65536\n0:0\n0:0\n7:8\n9:10\n0:0$`),
    );
});

test('a container keeps its ids when the engine is killed, and when it comes back without the setting', async () => {
  await docker('run', '-d', '--name', 'lasting', 'busybox', 'sh', '-c', 'touch /once; sleep 1000');
  const pid = await pidOf('lasting');
  await engine.crash();
  await engine.start({ remapped: 'default' });
  expect(await pidOf('lasting')).toBe(pid);
  expect(await inside('lasting', 'stat -c %u /once')).toBe('0');

  await engine.stop();
  await engine.start();
  await docker('restart', '-t', '0', 'lasting');
  expect(await inside('lasting', 'cat /proc/self/uid_map | tr -s " "')).toBe(`0 ${root.uid} 65536`);
  await docker('create', '--name', 'unmapped', 'busybox', 'true');
  expect(await docker('info', '--format', '{{json .SecurityOptions}}')).not.toContain('userns');

  await engine.stop();
  expect((await readdir(join(engine.folder, 'run'))).includes('mapped')).toBe(false);
  await engine.start({ remapped: 'default' });
  const late = await engine.docker(['start', 'unmapped'], { exit: 1 });
  expect(late.stderr).toContain("was made with the host's own ids, before this engine remapped users");
  await expect(access(join(engine.folder, 'run/mapped'))).resolves.toBeUndefined();
});
