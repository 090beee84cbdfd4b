// The native engine's containers on a real kernel: logs that are put aside, limits, isolation, restarts, volumes.
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../scripts/ground/run.ts';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';
import { startRegistry } from '../support/registry.ts';

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

const docker = async (...args: string[]) => (await engine.docker(args)).stdout;
const inside = (name: string, command: string) => docker('exec', name, 'sh', '-c', command);
/** What the docker CLI says of a container that cannot be made or started. Its exit status depends on the words: 125 to 127. */
const refused = async (...args: string[]) => {
  const env = { ...process.env, DOCKER_HOST: engine.host };
  const ran = await run('docker', ['run', '--rm', ...args, 'busybox', 'true'], { env });
  expect([125, 126, 127]).toContain(ran.exitCode);
  return ran.stderr;
};

/** A container that lists a folder of a volume. Through the API, as only clients from 26 on have a flag for that. */
async function makeWithSubPath(name: string, volume: string, path: string): Promise<void> {
  const mount = { Type: 'volume', Source: volume, Target: '/x', VolumeOptions: { Subpath: path } };
  const request = { Image: 'busybox', Cmd: ['ls', '/x'], HostConfig: { Mounts: [mount] } };
  const api = new ApiClient(join(engine.folder, 'engine.sock'), '1.45');
  expect(await api.post('/containers/create', request, { name })).toMatchObject({ status: 201 });
}

test('a log is put aside when it is large, and a follower misses nothing', async () => {
  const say =
    'i=0; while [ $i -lt 1200 ]; do echo "$i ........................................"; i=$((i+1)); [ $((i%60)) = 0 ] && sleep 0.1; done; true';
  await docker(
    'run',
    '-d',
    '--name',
    'talker',
    '--log-opt',
    'max-size=10k',
    '--log-opt',
    'max-file=3',
    'busybox',
    'sh',
    '-c',
    say,
  );
  const followed = (await docker('logs', '-f', 'talker')).trim().split('\n');
  expect(followed.map((line) => Number(line.split(' ')[0]))).toEqual(Array.from({ length: 1200 }, (_, n) => n));
  const kept = (await docker('logs', 'talker')).trim().split('\n');
  const [id = ''] = await readdir(join(engine.folder, 'containers'));
  const files = (await readdir(join(engine.folder, 'containers', id))).filter((name) => name.startsWith('log.'));
  expect([['log.1'], ['log.1', 'log.2']]).toContainEqual(files.sort());
  expect(kept.at(-1)).toMatch(/^1199 /);
  expect((await docker('logs', '--tail', '150', 'talker')).trim().split('\n')[0]).toMatch(/^1050 /);
  await docker('rm', 'talker');
  expect((await engine.docker(['run', '--rm', '--log-driver', 'none', 'busybox', 'echo', 'seen'])).stdout).toBe(
    'seen\n',
  );
  expect(await refused('--log-driver', 'splunk')).toContain('logging plugin splunk');
});

test('limits reach the kernel, change while the container runs, and are refused where they make no sense', async () => {
  const limits = [
    '-m',
    '64m',
    '--memory-reservation',
    '32m',
    '--cpus',
    '0.5',
    '--cpu-shares',
    '300',
    '--cpuset-cpus',
    '0',
    '--pids-limit',
    '40',
  ];
  const rest = [
    '--ulimit',
    'nofile=100:200',
    '--oom-score-adj',
    '500',
    '--shm-size',
    '1m',
    '--sysctl',
    'net.core.somaxconn=99',
    '--group-add',
    '33',
  ];
  await docker('run', '-d', '--name', 'bound', ...limits, ...rest, 'busybox', 'sleep', '600');
  expect(
    await inside(
      'bound',
      'ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj /proc/sys/net/core/somaxconn; id -G; df /dev/shm',
    ),
  ).toMatch(/^100\n200\n500\n99\n0 .*33.*\n[\s\S]* 1024 /);
  const pid = await engine.inspect('bound', ({ State }) => State.Pid);
  /** A limit's value in the container's own cgroup, by its file's name in either version. */
  const limit = async (controller: string, v1: string, v2: string) => {
    const groups = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).split('\n').map((line) => line.split(':'));
    const [, , path = ''] =
      groups.find(([, names = '']) => names.split(',').includes(controller)) ??
      groups.find(([number]) => number === '0') ??
      [];
    const places = [`/sys/fs/cgroup/${controller}${path}/${v1}`, `/sys/fs/cgroup${path}/${v2}`];
    for (const place of places)
      if (
        await access(place).then(
          () => true,
          () => false,
        )
      )
        return (await readFile(place, 'utf8')).trim();
    throw new Error(`no limit at ${places.join(' or ')}`);
  };
  expect(await limit('memory', 'memory.limit_in_bytes', 'memory.max')).toBe(String(64 * 1024 ** 2));
  expect(await limit('cpu', 'cpu.cfs_quota_us', 'cpu.max')).toMatch(/^50000\b/);
  expect(await limit('pids', 'pids.max', 'pids.max')).toBe('40');
  await docker(
    'update',
    '-m',
    '96m',
    '--cpus',
    '0.25',
    '--pids-limit',
    '50',
    '--cpu-shares',
    '512',
    '--restart',
    'on-failure:2',
    'bound',
  );
  expect(await limit('memory', 'memory.limit_in_bytes', 'memory.max')).toBe(String(96 * 1024 ** 2));
  expect(await limit('cpu', 'cpu.cfs_quota_us', 'cpu.max')).toMatch(/^25000\b/);
  expect(await limit('pids', 'pids.max', 'pids.max')).toBe('50');
  expect((await engine.docker(['update', '-m', '200m', 'bound'], { exit: 1 })).stderr).toContain(
    'update the memoryswap at the same time',
  );
  expect((await engine.docker(['update', '--cpu-quota', '5000', 'bound'], { exit: 1 })).stderr).toContain(
    'NanoCPUs has already been set',
  );
  await docker('rm', '-f', 'bound');
  for (const [flags, message] of [
    [['-m', '1m'], 'Minimum memory limit allowed is 6MB'],
    [['--gpus', 'all'], 'could not select device driver'],
    [['--storage-opt', 'size=1G'], 'writable layer cannot be limited'],
    [['--runtime', 'other'], 'Unknown runtime specified other'],
    [['--cap-add', 'FLY'], 'unknown capability: "CAP_FLY"'],
    [['--network', 'nowhere'], 'network nowhere not found'],
    [['--network', 'host', '--sysctl', 'net.core.somaxconn=9'], 'not allowed in host network namespace'],
  ] as const)
    expect(await refused(...flags)).toContain(message);
});

test('namespaces of others, seccomp profiles, no new privileges', async () => {
  await docker('run', '-d', '--name', 'donor', '--ipc', 'shareable', '--shm-size', '2m', 'busybox', 'sleep', '600');
  await inside('donor', 'echo shared > /dev/shm/note');
  const joined = [
    'run',
    '--rm',
    '--ipc',
    'container:donor',
    '--pid',
    'container:donor',
    '--network',
    'container:donor',
    'busybox',
  ];
  expect(await docker(...joined, 'sh', '-c', 'cat /dev/shm/note; ps -o args | grep -cx "sleep 600"')).toBe(
    'shared\n1\n',
  );
  await docker('rm', '-f', 'donor');
  await docker('run', '-d', '--name', 'closed', 'busybox', 'sleep', '600');
  expect(await refused('--ipc', 'container:closed')).toContain('non-shareable IPC');
  await docker('rm', '-f', 'closed');
  const profile = join(engine.folder, 'profile.json');
  await writeFile(
    profile,
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    }),
  );
  const look = 'mkdir /x 2>&1; grep -e NoNewPrivs -e Seccomp: /proc/self/status';
  expect(
    await docker(
      'run',
      '--rm',
      '--security-opt',
      `seccomp=${profile}`,
      '--security-opt',
      'no-new-privileges',
      'busybox',
      'sh',
      '-c',
      look,
    ),
  ).toMatch(/Operation not permitted\nNoNewPrivs:\t1\nSeccomp:\t2\n/);
  expect(
    await docker(
      'run',
      '--rm',
      '--security-opt',
      'seccomp=unconfined',
      '--userns',
      'host',
      'busybox',
      'sh',
      '-c',
      look,
    ),
  ).toBe('NoNewPrivs:\t0\nSeccomp:\t0\n');
});

const outOfMemory = async (name: string): Promise<string[]> => {
  const only = ['--filter', `container=${name}`, '--filter', 'event=oom'];
  return (await docker('events', '--since', '1', '--until', '0s', ...only)).split('\n').filter((line) => line !== '');
};

test('running out of memory is told: in the state and as an event, once a kill; who goes on has not been killed', async () => {
  await engine.docker(['run', '--name', 'hog', '-m', '16m', '--memory-swap', '16m', 'busybox', 'tail', '/dev/zero'], {
    exit: 137,
  });
  expect(await engine.inspect('hog', ({ State }) => [State.OOMKilled, State.ExitCode])).toEqual([true, 137]);
  // Events of the last second are left out by the client.
  await eventually('the event is told', async () => (await outOfMemory('hog')).length === 1);
  await docker('rm', 'hog');
  await docker(
    'run',
    '-d',
    '--name',
    'survivor',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    'busybox',
    'sh',
    '-c',
    'tail /dev/zero; echo on; trap "tail /dev/zero" USR1; while :; do sleep 0.1; done',
  );
  await eventually('its child has been killed', async () => (await docker('logs', 'survivor')).includes('on'));
  const kills = async (): Promise<number> => (await outOfMemory('survivor')).length;
  await eventually('the kill is told', async () => (await kills()) === 1);
  await docker('kill', '-s', 'USR1', 'survivor');
  await eventually('the second one is told too', async () => (await kills()) === 2);
  expect(await engine.inspect('survivor', ({ State }) => [State.Status, State.OOMKilled])).toEqual(['running', false]);
  await docker('rm', '-f', 'survivor');
});

test('a registry: logging in, pushing, pulling by digest; a wrong password and a wrong digest are refused', async () => {
  const registry = await startRegistry({ user: 'me', password: 'secret' });
  const folder = join(engine.folder, 'docker-config');
  const withConfig = (args: string[], options: Parameters<typeof engine.docker>[1] = {}) =>
    engine.docker(['--config', folder, ...args], options);
  try {
    const login = ['login', '-u', 'me', '--password-stdin', registry.host];
    expect((await withConfig(login, { input: 'wrong', exit: 1 })).stderr).toContain('Unauthorized');
    expect((await withConfig(login, { input: 'secret' })).stdout).toContain('Login Succeeded');
    const name = `${registry.host}/shop/web`;
    await docker('tag', 'busybox', `${name}:1`);
    expect((await engine.docker(['push', `${name}:1`], { exit: 1 })).stderr).toContain('denied');
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec((await withConfig(['push', `${name}:1`])).stdout)?.[1];
    await docker('rmi', `${name}:1`);
    await withConfig(['pull', `${name}@${digest}`]);
    expect(await docker('image', 'inspect', '-f', '{{.RepoDigests}}', `${name}@${digest}`)).toContain(digest);
    const wrong = `sha256:${'0'.repeat(64)}`;
    expect((await withConfig(['pull', `${name}@${wrong}`], { exit: 1 })).stderr).toMatch(/not found|manifest unknown/);
    expect((await engine.docker(['search', 'web'], { exit: 1 })).stderr).toContain('searching registries');
    // The image goes by another name, which it keeps.
    expect(await docker('rmi', '-f', `${name}@${digest}`)).toBe(`Untagged: ${name}@${digest}\n`);
    expect(await docker('image', 'inspect', '-f', '{{.RepoDigests}}', 'busybox')).not.toContain(name);
  } finally {
    await registry.close();
  }
});

test('volumes: mounted things, sub-paths, those of others; what cannot be mounted is told', async () => {
  const source = join(engine.folder, 'source');
  await mkdir(join(source, 'sub'), { recursive: true });
  await writeFile(join(source, 'sub', 'note'), 'found\n');
  const create = (name: string, ...options: string[]) =>
    docker('volume', 'create', ...options.flatMap((option) => ['-o', option]), name);
  await create('bound', 'type=none', 'o=bind', `device=${source}`);
  await create('closed', 'type=none', 'o=bind,ro', `device=${source}`);
  await create('memory', 'type=tmpfs', 'device=tmpfs', 'o=size=1m,uid=5,noexec,rw');
  await docker(
    'run',
    '-d',
    '--name',
    'keeper',
    '-v',
    'bound:/a',
    '-v',
    'memory:/m',
    '-v',
    '/anon',
    '-v',
    `${source}:/b:ro`,
    'busybox',
    'sleep',
    '600',
  );
  expect(await inside('keeper', 'cat /a/sub/note; df /m | tail -1; ls -ldn /m')).toMatch(
    /^found\ntmpfs +1024 [\s\S]* 5 /,
  );
  const others = ['run', '--rm', '--volumes-from', 'keeper:ro', 'busybox', 'sh', '-c'];
  expect(await docker(...others, 'cat /a/sub/note /b/sub/note; touch /a/x 2>&1 || true')).toMatch(
    /^found\nfound\n.*Read-only file system/,
  );
  // Also where the host's own folder is mounted, which is on a read-only mount by then.
  const closed = ['-v', 'closed:/c', '-v', `${join(engine.folder, 'volumes/closed/_data')}:/d`];
  expect(
    await docker('run', '--rm', ...closed, 'busybox', 'sh', '-c', 'touch /c/x 2>&1; touch /d/x 2>&1; cat /d/sub/note'),
  ).toMatch(/\/c\/x: Read-only file system\n.*\/d\/x: Read-only file system\nfound\n$/);
  await makeWithSubPath('within', 'bound', 'sub');
  expect(await docker('start', '-a', 'within')).toBe('note\n');
  await makeWithSubPath('beside', 'bound', 'none');
  expect((await engine.docker(['start', 'beside'], { exit: 1 })).stderr).toContain(
    'cannot access path "none" of volume "bound"',
  );
  expect(
    await docker('run', '--rm', '--mount', 'type=volume,dst=/etc,volume-nocopy', 'busybox', 'ls', '/etc'),
  ).not.toContain('passwd');
  for (const [flags, message] of [
    [['--volumes-from', 'keeper:sometimes'], 'invalid mode: sometimes'],
    [['-v', '/made', '--mount', `type=bind,src=${source}/none,dst=/x`], 'bind source path does not exist'],
    [['--mount', `type=bind,src=${source},dst=/x,bind-propagation=wide`], 'invalid propagation mode: wide'],
  ] as const)
    expect(await refused(...flags)).toContain(message);
  expect(await docker('volume', 'ls', '-q', '-f', 'dangling=true')).toBe('closed\n');
  await create('broken', 'type=none', 'o=bind', `device=${source}/none`);
  await create('strange', 'type=nofs', 'device=x');
  expect(await refused('-v', 'broken:/x')).toMatch(
    /failed to mount local volume: mount .*none:.*: No such file or directory/,
  );
  expect(await refused('-v', 'strange:/x')).toMatch(/failed to mount local volume: mount x:.*: No such device/);
  expect((await engine.docker(['volume', 'create', '-o', 'o=bind', 'half'], { exit: 1 })).stderr).toContain(
    'missing required option: "device"',
  );
  expect((await engine.docker(['volume', 'rm', 'bound'], { exit: 1 })).stderr).toContain('volume is in use');
  await docker('rm', '-fv', 'keeper', 'within', 'beside');
  await docker('volume', 'rm', 'bound', 'closed', 'memory', 'broken', 'strange');
  expect(await docker('volume', 'ls', '-q')).toBe('');
  expect(await readFile(join(source, 'sub', 'note'), 'utf8')).toBe('found\n');
});
