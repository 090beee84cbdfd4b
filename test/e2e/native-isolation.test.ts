// What containers of the native engine can do to one another, to the engine and to the host: as little as Docker's.
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

let engine: NativeEngineUnderTest;
/** Address of a neighbour that serves a page on a network of its own. */
let neighbour = '';

const docker = (...args: string[]) => engine.docker(args);
/** What a shell text prints in a container of its own, whatever its status. */
const inside = async (script: string, ...options: string[]): Promise<string> =>
  (await docker('run', '--rm', ...options, 'busybox', 'sh', '-c', `{ ${script}; } 2>&1; true`)).stdout;

beforeAll(async () => {
  engine = await startNativeEngine();
  await docker('network', 'create', 'quiet');
  await docker('network', 'create', 'other');
  await docker('run', '-d', '--name', 'neighbour', '--network', 'quiet', 'busybox', 'httpd', '-f', '-h', '/etc');
  neighbour = (
    await docker('inspect', '-f', '{{.NetworkSettings.Networks.quiet.IPAddress}}', 'neighbour')
  ).stdout.trim();
});
afterAll(async () => {
  await docker('rm', '-f', 'neighbour');
  await docker('network', 'rm', 'quiet', 'other');
  expect(await engine.tearDown()).toEqual([]);
});

/** The first process stays, and collects nobody: what was forked counts on. */
const BOMB = 'sh -c "b() { b | b & }; b; sleep 600" & sh -c "while :; do sleep 600 & done" & exec sleep 600';

/** The neighbour answers on its network, and the engine its clients. */
async function expectServing(): Promise<void> {
  const page = await docker('run', '--rm', '--network', 'quiet', 'busybox', 'wget', '-qO-', 'http://neighbour/passwd');
  expect(page.stdout).toContain('root:x:0:0');
}

test('a fork bomb under a limit of processes leaves the others be', async () => {
  await docker('run', '-d', '--name', 'bomb', '--pids-limit', '40', 'busybox', 'sh', '-c', BOMB);
  await eventually('the bomb has reached its limit', async () => {
    const { stdout } = await docker('stats', '--no-stream', '--format', '{{.PIDs}}', 'bomb');
    return Number(stdout) >= 30;
  });
  await expectServing();
  await docker('rm', '-f', 'bomb');
});

test('a memory hog is ended at its limit, which is told, and nobody else', async () => {
  await engine.docker(['run', '--name', 'hog', '-m', '24m', '--memory-swap', '24m', 'busybox', 'tail', '/dev/zero'], {
    exit: 137,
  });
  expect((await docker('inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'hog')).stdout).toBe('true 137\n');
  await expectServing();
  await docker('rm', 'hog');
});

test('a CPU hog gets its share and no more', async () => {
  await docker('run', '-d', '--name', 'spinner', '--cpus', '0.2', 'busybox', 'sh', '-c', 'while :; do :; done');
  const usage = async (): Promise<{ used: number; at: number }> => {
    const { stdout } = await docker('exec', 'spinner', 'cat', '/proc/1/stat', '/proc/uptime');
    const [stat = '', uptime = ''] = stdout.trim().split('\n');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { used: (Number(fields[11]) + Number(fields[12])) / 100, at: Number(uptime.split(' ')[0]) };
  };
  const before = await usage();
  const after = await eventually('three seconds of it', async () => {
    const now = await usage();
    return now.at - before.at > 3 ? now : undefined;
  });
  expect((after.used - before.used) / (after.at - before.at)).toBeLessThan(0.3);
  await expectServing();
  await docker('rm', '-f', 'spinner');
});

test('another network’s containers are not reached, by name or address', async () => {
  // The first has the host's resolver, the second that of its network, which knows the neighbour's name as well.
  for (const network of ['bridge', 'other']) {
    const said = await inside(
      `ping -c 1 -W 1 neighbour; ping -c 1 -W 1 ${neighbour}; wget -T 2 -qO- http://${neighbour}/passwd`,
      ...['--network', network],
    );
    expect(said).toContain("bad address 'neighbour'");
    expect(said).toContain('100% packet loss');
    expect(said).not.toContain('root:');
  }
});

test('the host’s devices are not there, and cannot be made', async () => {
  const listed = (await inside('ls /dev')).trim().split(/\s+/);
  const plain = [
    'console',
    'core',
    'fd',
    'full',
    'mqueue',
    'null',
    'ptmx',
    'pts',
    'random',
    'shm',
    'stderr',
    'stdin',
    'stdout',
    'tty',
    'urandom',
    'zero',
  ];
  expect(listed.filter((name) => !plain.includes(name))).toEqual([]);
  const made = await inside(
    'mknod /tmp/m c 1 1; cat /tmp/m | head -c1; mknod /tmp/d b 8 0; head -c1 /tmp/d; mknod /tmp/k c 1 11; head -c1 /tmp/k',
  );
  expect(made.match(/Operation not permitted/g)?.length).toBeGreaterThanOrEqual(3);
});

test('the engine’s socket and files are nowhere to be seen', async () => {
  expect(
    await inside(`ls ${engine.folder}; find / -xdev -name engine.sock; grep -c ${engine.folder} /proc/net/unix`),
  ).toMatch(/No such file or directory\n0\n$/);
});

test('no kernel modules, no kernel log, no clock, no reboot, no new mounts, no tracing of others', async () => {
  expect(await inside('dmesg')).toMatch(/not permitted/i);
  expect(await inside('modprobe dummy; insmod /x.ko')).toMatch(/can't|not found|No such|not permitted/i);
  expect(await inside('date -s 2020-01-01')).toMatch(/not permitted/i);
  expect(await inside('mount -t tmpfs x /mnt; mkdir -p /m; mount -t proc p /m; mount --bind / /m')).toMatch(
    /(permission denied|not permitted)/i,
  );
  expect(await inside('unshare -m true; unshare -U true')).toMatch(/not permitted/i);
  expect(
    await inside(
      'echo 1 > /proc/sys/kernel/panic; echo b > /proc/sysrq-trigger; echo x > /proc/sys/kernel/core_pattern',
    ),
  ).toMatch(/((Read-only file system|nonexistent directory|ermission denied)[\s\S]*){3}/);
});

test('what would tell of the host is masked', async () => {
  const masked = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/latency_stats', '/proc/sched_debug'];
  for (const path of masked)
    expect([path, await inside(`[ -e ${path} ] && head -c 10 ${path} | wc -c || echo 0`)]).toEqual([path, '0\n']);
  for (const folder of ['/proc/acpi', '/proc/scsi', '/proc/asound', '/sys/firmware'])
    expect([folder, await inside(`[ -d ${folder} ] && ls -A ${folder} | wc -l || echo 0`)]).toEqual([folder, '0\n']);
  expect(await inside('touch /sys/x; touch /proc/sys/x; mkdir /sys/fs/cgroup/x')).not.toMatch(/^$/);
});

test('processes of others and of the host are not seen, and signals do not reach them', async () => {
  expect((await inside('ls /proc | grep -c "^[0-9]"')).trim()).toMatch(/^[2-5]$/);
  expect(await inside('kill -9 100000; kill -0 2; echo still')).toContain('still');
  await expectServing();
});

test('what a runtime hands to the user of a process is never a device of the host', async () => {
  await docker('exec', '--user', '4711', 'neighbour', 'true');
  await docker('run', '--rm', '--user', '4711', 'busybox', 'true');
  expect((await stat('/dev/null')).uid).not.toBe(4711);
});

test('what holds by default can be tightened further', async () => {
  expect(await inside('touch /x; touch /tmp/y && echo in tmp', '--read-only', '--tmpfs', '/tmp')).toMatch(
    /Read-only file system\nin tmp\n/,
  );
  expect(await inside('chown 5 /tmp; ping -c1 127.0.0.1', '--cap-drop', 'ALL')).toMatch(/not permitted/i);
  expect(
    await inside('id -u; grep NoNewPrivs /proc/self/status', '--user', '1000', '--security-opt', 'no-new-privileges'),
  ).toMatch(/^1000\nNoNewPrivs:\t1\n/);
});
