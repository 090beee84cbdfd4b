// What every engine owes windlass, checked through the Engine interface alone. Give it a way to connect; run it on each engine.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, EngineEvent, ProcessStreams, PullProgress } from '../../src/engine/engine.ts';
import { InterruptedError } from '../../src/errors.ts';
import type { Service } from '../../src/model.ts';
import { LABEL } from '../../src/names.ts';
import { eventually } from '../support/eventually.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { Bench, IMAGE } from './bench.ts';

export interface EngineUnderTest {
  readonly name: string;
  /** What every container needs here: an engine may ask for limits that the machine does not allow. */
  readonly defaults?: Partial<Service>;
  /** A new connection; the suite closes it. The image busybox:latest is there. */
  connect(options?: { readonly configDirectory?: string }): Promise<Engine>;
}

export function engineSuite(subject: EngineUnderTest): void {
  describe(`the engine ${subject.name}`, () => {
    let bench: Bench;
    let engine: Engine;

    beforeAll(async () => {
      engine = await subject.connect();
      bench = new Bench(engine, subject.defaults);
    });
    afterAll(async () => {
      await bench.clear();
      await engine.close();
    });

    describe('tells of itself', () => {
      it('its kind, versions and platform', async () => {
        const capabilities = await engine.capabilities();
        expect(capabilities.kind).toBe(engine.kind);
        expect(capabilities.apiVersion).toMatch(/^1\.\d+$/);
        expect(capabilities.engineVersion).toMatch(/^\d/);
        expect(capabilities.os).toBe('linux');
        expect(capabilities.architecture).toMatch(/^(amd64|arm64|386|arm|ppc64le|s390x|riscv64)$/);
      });

      it('its address without credentials', () => {
        expect(engine.endpoint).toMatch(/^(unix|tcp|ssh):\/\/[^@]*$/);
      });
    });

    describe('looks up', () => {
      it('nothing of a name that is not there', async () => {
        const nothing = bench.name();
        expect(await engine.findContainer(nothing)).toBeUndefined();
        expect(await engine.findNetwork(nothing)).toBeUndefined();
        expect(await engine.findVolume(nothing)).toBeUndefined();
        expect(await engine.findImage(nothing)).toBeUndefined();
        await expect(engine.inspectContainer(nothing)).rejects.toMatchObject({ kind: 'not-found' });
      });

      it('containers by name and by id', async () => {
        const name = bench.name();
        const id = await bench.create({}, { name });
        expect((await engine.findContainer(name))?.id).toBe(id);
        expect((await engine.findContainer(id))?.name).toBe(name);
      });

      it('networks by exact name or id, not by the beginning of either', async () => {
        const network = await bench.network();
        expect(await engine.findNetwork(network.name)).toMatchObject({ id: network.id, labels: bench.labels });
        expect((await engine.findNetwork(network.id))?.name).toBe(network.name);
        expect(await engine.findNetwork(network.name.slice(0, -1))).toBeUndefined();
        expect(await engine.findNetwork(network.id.slice(0, 3))).toBeUndefined();
      });

      it('volumes with their labels and driver', async () => {
        const name = await bench.volume();
        expect(await engine.findVolume(name)).toMatchObject({ name, driver: 'local', labels: bench.labels });
      });

      it('images by tag and by id', async () => {
        const image = await engine.findImage(IMAGE);
        expect(image?.tags.some((tag) => tag.endsWith('busybox:latest'))).toBe(true);
        expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(image?.platform).toMatch(/^linux\//);
        expect((await engine.findImage(image?.id ?? ''))?.id).toBe(image?.id);
      });
    });

    describe('observes a project', () => {
      it('that has nothing as empty', async () => {
        expect(await engine.observe(bench.name('p'))).toMatchObject({ containers: [], networks: [], volumes: [] });
      });

      it("whole: running and stopped containers, networks and volumes, and no other project's", async () => {
        const own = new Bench(engine, subject.defaults);
        try {
          const [network, volume] = [await own.network(), await own.volume()];
          const running = await own.run({}, { attachments: [own.attachment(network)] });
          const created = await own.create({}, { labels: { ...own.labels, [LABEL.service]: 'web' } });
          await bench.create();
          const seen = await engine.observe(own.project);
          expect(new Set(seen.containers.map(({ id }) => id))).toEqual(new Set([running, created]));
          expect(seen.networks.map(({ name }) => name)).toEqual([network.name]);
          expect(seen.volumes.map(({ name }) => name)).toEqual([volume]);
          const container = seen.containers.find(({ id }) => id === running);
          expect(container?.state).toBe('running');
          expect(container?.networks[network.name]?.id).toBe(network.id);
          expect(container?.networks[network.name]?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
          const image = await engine.findImage(IMAGE);
          expect(container).toMatchObject({ image: IMAGE, imageId: image?.id, exitCode: undefined, health: undefined });
          expect(seen.containers.find(({ id }) => id === created)).toMatchObject({
            state: 'created',
            labels: { [LABEL.service]: 'web' },
          });
        } finally {
          await own.clear();
        }
      });

      it('with exit codes, mounts and published ports', async () => {
        const volume = await bench.volume();
        const failed = await bench.run({ command: ['sh', '-c', 'exit 7'] });
        await engine.waitContainer(failed);
        const serving = await bench.run(
          {
            ports: [{ target: 80, protocol: 'tcp', host_ip: '127.0.0.1' }],
            volumes: [{ type: 'volume', source: 'data', target: '/data', read_only: true }],
          },
          { volumeNames: { data: volume }, attachments: [bench.attachment(await bench.network())] },
        );
        const { containers } = await engine.observe(bench.project);
        expect(containers.find(({ id }) => id === failed)).toMatchObject({ state: 'exited', exitCode: 7 });
        const seen = containers.find(({ id }) => id === serving);
        expect(seen?.mounts).toMatchObject([{ type: 'volume', name: volume, target: '/data', readWrite: false }]);
        const port = seen?.ports.find(({ hostPort }) => hostPort > 0);
        expect(port).toMatchObject({ hostIp: '127.0.0.1', containerPort: 80, protocol: 'tcp' });
        const publishing = await engine.listPublishedPorts();
        expect(publishing.map(({ id }) => id)).toContain(serving);
        expect(publishing.map(({ id }) => id)).not.toContain(failed);
      });

      it('among all projects, stopped ones when asked', async () => {
        const id = await bench.create();
        expect((await engine.listProjectContainers(true)).map((one) => one.id)).toContain(id);
        expect((await engine.listProjectContainers(false)).map((one) => one.id)).not.toContain(id);
      });
    });

    describe('creates a container', () => {
      it('with its command, environment, user, folder and host name', async () => {
        const { stdout } = await bench.outputOf('echo "$A|$(id -u)|$PWD|$(hostname)"', {
          environment: { A: 'é $x "q"' },
          user: '1234',
          working_dir: '/tmp',
          hostname: 'box',
        });
        expect(stdout).toBe('é $x "q"|1234|/tmp|box\n');
      });

      it('once per name', async () => {
        const name = bench.name();
        await bench.create({}, { name });
        await expect(bench.create({}, { name })).rejects.toMatchObject({
          kind: 'conflict',
          verb: 'createContainer',
          resource: `container "${name}"`,
        });
      });

      it('only from an image that is there', async () => {
        await expect(bench.create({}, { image: 'windlass.invalid/none:1' })).rejects.toMatchObject({
          kind: 'not-found',
        });
      });

      it('on two networks, found by its aliases on each', async () => {
        const [a, b] = [await bench.network(), await bench.network()];
        await bench.run({}, { attachments: [bench.attachment(a, ['on-a']), bench.attachment(b, ['on-b'])] });
        const { stdout } = await bench.outputOf(
          'nslookup on-a >/dev/null 2>&1 && echo a; nslookup on-b >/dev/null 2>&1 && echo b',
          {},
          { attachments: [bench.attachment(a)] },
        );
        expect(stdout).toBe('a\n');
        const other = await bench.outputOf(
          'nslookup on-b >/dev/null 2>&1 && echo b',
          {},
          { attachments: [bench.attachment(b)] },
        );
        expect(other.stdout).toBe('b\n');
      });

      it('with a static address, also on its second network', async () => {
        const subnet = `10.${200 + ((randomBytes(1)[0] ?? 0) % 50)}.${randomBytes(1)[0]}`;
        const [first, second] = [
          await bench.network(),
          await bench.network({ ipam: { config: [{ subnet: `${subnet}.0/24` }] } }),
        ];
        const id = await bench.run(
          {},
          { attachments: [bench.attachment(first), bench.attachment(second, [], { ipv4_address: `${subnet}.77` })] },
        );
        const { networks } = await engine.inspectContainer(id);
        expect(networks[second.name]?.address).toBe(`${subnet}.77`);
      });

      it('not on a network that does not exist: it cannot be created, or not started', async () => {
        const attachments = [
          bench.attachment(await bench.network()),
          bench.attachment({ name: 'wlt-no-such-network' }),
        ];
        await expect(bench.run({}, { attachments })).rejects.toMatchObject({ kind: 'not-found' });
      });

      it("without a network, with the host's, and with another container's", async () => {
        expect((await bench.outputOf('ls /sys/class/net', { network_mode: 'none' })).stdout.trim()).toMatch(/\blo\b/);
        const id = await bench.run(
          { hostname: 'shared-net' },
          { attachments: [bench.attachment(await bench.network())] },
        );
        const mine = (await bench.exec(id, 'cat /proc/net/fib_trie | md5sum')).stdout;
        expect(
          (await bench.outputOf('cat /proc/net/fib_trie | md5sum', { network_mode: `container:${id}` })).stdout,
        ).toBe(mine);
      });

      it('with extra hosts', async () => {
        const { stdout } = await bench.outputOf(
          'cat /etc/hosts',
          { extra_hosts: ['elsewhere=10.9.8.7'] },
          { attachments: [bench.attachment(await bench.network())] },
        );
        expect(stdout).toMatch(/^10\.9\.8\.7\s+elsewhere$/m);
      });

      it('with bind mounts, read-only ones too, creating what is missing on the host', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
        try {
          await writeFile(join(folder, 'file'), 'from the host');
          const { stdout } = await bench.outputOf(
            'cat /ro/file; echo x > /ro/file || echo refused; echo made > /rw/out',
            {
              volumes: [
                { type: 'bind', source: folder, target: '/ro', read_only: true },
                { type: 'bind', source: join(folder, 'new'), target: '/rw', bind: { create_host_path: true } },
              ],
            },
          );
          expect(stdout).toBe('from the hostrefused\n');
          expect(await readFile(join(folder, 'new', 'out'), 'utf8')).toBe('made\n');
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });

      it('only on host paths that exist, when asked not to create them', async () => {
        const source = join(tmpdir(), bench.name());
        await expect(
          bench.create({ volumes: [{ type: 'bind', source, target: '/x', bind: { create_host_path: false } }] }),
        ).rejects.toMatchObject({ hint: expect.stringMatching(/create the path/) });
        await expect(stat(source)).rejects.toMatchObject({ code: 'ENOENT' });
      });

      it('with a volume that outlives it', async () => {
        const volumeNames = { data: await bench.volume() };
        const volumes = [{ type: 'volume', source: 'data', target: '/data' }] as const;
        await bench.outputOf('echo kept > /data/x', { volumes }, { volumeNames });
        expect((await bench.outputOf('cat /data/x', { volumes }, { volumeNames })).stdout).toBe('kept\n');
      });

      it('with the anonymous volume of another', async () => {
        const volumes = [{ type: 'volume', target: '/anon' }] as const;
        const first = await bench.run({ command: ['sh', '-c', 'echo carried > /anon/x'], volumes });
        await engine.waitContainer(first);
        const name = (await engine.inspectContainer(first)).mounts[0]?.name ?? '';
        expect(name).not.toBe('');
        const { stdout } = await bench.outputOf('cat /anon/x', { volumes }, { inheritedVolumes: { '/anon': name } });
        expect(stdout).toBe('carried\n');
      });

      it('with tmpfs, a read-only root and files of secrets', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
        try {
          await writeFile(join(folder, 's'), 'hush');
          const { stdout } = await bench.outputOf(
            'cat /run/secrets/s; echo x > /t/x && echo tmpfs; echo x > /x || echo read-only',
            { read_only: true, tmpfs: ['/t:size=1m'] },
            { fileMounts: [{ source: join(folder, 's'), target: '/run/secrets/s', kind: 'secret' }] },
          );
          expect(stdout).toBe('hushtmpfs\nread-only\n');
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });

      it('within its limits', async () => {
        const { stdout } = await bench.outputOf(
          'ulimit -n; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null',
          { mem_limit: '67108864', ulimits: { nofile: { soft: 123, hard: 456 } } },
        );
        expect(stdout.trim().split('\n')).toEqual(['123', '67108864']);
      });

      it('with capabilities, sysctls and an init', async () => {
        const dropped = await bench.outputOf(
          'grep CapEff /proc/self/status; cat /proc/1/comm; cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
          { cap_drop: ['ALL'], init: true, sysctls: { 'net.ipv4.ip_unprivileged_port_start': '7' } },
          { attachments: [bench.attachment(await bench.network())] },
        );
        expect(dropped.stdout).toMatch(/CapEff:\s+0000000000000000/);
        expect(dropped.stdout).toMatch(/init\n7\n$/);
      });

      it('with its labels, all of them', async () => {
        const labels = { ...bench.labels, 'a.b/c': 'd=e "f"', empty: '' };
        const id = await bench.create({}, { labels });
        expect((await engine.inspectContainer(id)).labels).toMatchObject(labels);
      });
    });

    describe('health checks', () => {
      it('make a container healthy, and show their probes', async () => {
        const id = await bench.run({
          healthcheck: { test: ['CMD-SHELL', 'echo fine'], interval: '100ms', timeout: '5s', retries: 3 },
        });
        await eventually(
          'the container is healthy',
          async () => (await engine.inspectContainer(id)).health === 'healthy',
        );
        const details = await engine.inspectContainer(id);
        expect(details.hasHealthcheck).toBe(true);
        expect(details.probes.at(-1)).toMatchObject({ exitCode: 0, output: expect.stringContaining('fine') });
        const { containers } = await engine.observe(bench.project);
        expect(containers.find((one) => one.id === id)?.health).toBe('healthy');
      });

      it('make a container unhealthy', async () => {
        const id = await bench.run({
          healthcheck: { test: ['CMD', 'false'], interval: '100ms', timeout: '5s', retries: 1 },
        });
        await eventually(
          'the container is unhealthy',
          async () => (await engine.inspectContainer(id)).health === 'unhealthy',
        );
      });

      it('are none where the service disables them', async () => {
        const id = await bench.run({ healthcheck: { disable: true } });
        expect(await engine.inspectContainer(id)).toMatchObject({ hasHealthcheck: false, health: undefined });
      });
    });

    describe('leads a container through its life', () => {
      it('started twice, it runs once', async () => {
        const id = await bench.run();
        await engine.startContainer(id);
        expect((await engine.inspectContainer(id)).state).toBe('running');
      });

      it('stopped, it may end by itself; stopped again, it stays stopped', async () => {
        const id = await bench.run();
        await eventually('its trap is set', async () =>
          (await bench.exec(id, 'grep SigCgt /proc/1/status')).stdout.includes('4'),
        );
        await engine.stopContainer(id, 20);
        await engine.stopContainer(id, 20);
        expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 0 });
      });

      it('killed when it does not stop within its own grace period', async () => {
        const id = await bench.run({
          command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'],
          stop_grace_period: '1s',
        });
        await engine.stopContainer(id, undefined);
        expect((await engine.inspectContainer(id)).exitCode).toBe(137);
      });

      it('killed by a signal of its own; not when it does not run', async () => {
        const id = await bench.run({
          command: ['sh', '-c', 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done'],
        });
        await eventually('its trap is set', async () => (await bench.logs(id)).stdout.includes('ready'));
        await engine.killContainer(id, 'SIGUSR1');
        expect(await engine.waitContainer(id)).toBe(9);
        await expect(engine.killContainer(id, 'SIGKILL')).rejects.toMatchObject({ kind: 'conflict' });
      });

      it('restarted, it started later', async () => {
        const id = await bench.run();
        const before = (await engine.inspectContainer(id)).startedAt;
        await engine.restartContainer(id, 0);
        const after = await engine.inspectContainer(id);
        expect(after.state).toBe('running');
        expect(after.startedAt > before).toBe(true);
      });

      it('paused and let go again', async () => {
        const id = await bench.run();
        await engine.pauseContainer(id);
        expect((await engine.inspectContainer(id)).state).toBe('paused');
        await engine.unpauseContainer(id);
        expect((await engine.inspectContainer(id)).state).toBe('running');
      });

      it('renamed, but not to a name that is taken', async () => {
        const [id, taken, free] = [await bench.create(), bench.name(), bench.name()];
        await bench.create({}, { name: taken });
        await engine.renameContainer(id, free);
        expect((await engine.inspectContainer(id)).name).toBe(free);
        await expect(engine.renameContainer(id, taken)).rejects.toMatchObject({ kind: 'conflict' });
      });

      it('removed when stopped, or by force; removing it again succeeds', async () => {
        const id = await bench.run();
        await expect(engine.removeContainer(id, { force: false, volumes: false })).rejects.toMatchObject({
          kind: 'conflict',
        });
        await engine.removeContainer(id, { force: true, volumes: false });
        await engine.removeContainer(id, { force: true, volumes: false });
        expect(await engine.findContainer(id)).toBeUndefined();
      });

      it('removed with its anonymous volumes, and not with named ones', async () => {
        const named = await bench.volume();
        const id = await bench.create(
          {
            volumes: [
              { type: 'volume', target: '/a' },
              { type: 'volume', source: 'n', target: '/n' },
            ],
          },
          { volumeNames: { n: named } },
        );
        const anonymous = (await engine.inspectContainer(id)).mounts.find(({ target }) => target === '/a')?.name ?? '';
        await engine.removeContainer(id, { force: false, volumes: true });
        expect(await engine.findVolume(anonymous)).toBeUndefined();
        expect(await engine.findVolume(named)).toBeDefined();
      });

      it('waited for, its exit code comes; the wait can be called off', async () => {
        const id = await bench.run({ command: ['sh', '-c', 'sleep 0.2; exit 42'] });
        expect(await engine.waitContainer(id)).toBe(42);
        expect(await engine.waitContainer(id)).toBe(42);
        const controller = new AbortController();
        const waiting = engine.waitContainer(await bench.run(), controller.signal);
        controller.abort();
        await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
        await expect(engine.waitContainer(bench.name())).rejects.toMatchObject({ kind: 'not-found' });
      });

      it('restarted by its policy when it fails', async () => {
        const id = await bench.run({ command: ['false'], restart: 'on-failure:2' });
        await eventually('it was restarted twice', async () => {
          const details = await engine.inspectContainer(id);
          return details.restartCount === 2 && details.state === 'exited';
        });
      });

      it('gone by itself with autoRemove', async () => {
        const id = await bench.create({ command: ['true'] }, { oneOff: true, autoRemove: true });
        const gone = engine.waitContainer(id, undefined, 'removed');
        await engine.startContainer(id);
        expect(await gone).toBe(0);
        expect(await engine.findContainer(id)).toBeUndefined();
      });

      it('whose command does not exist, it says so', async () => {
        const id = await bench.create({ command: ['/no/such/program'] });
        await expect(engine.startContainer(id)).rejects.toThrow(/no such file or directory/);
      });

      it('whose port is taken, it says so', async () => {
        const network = await bench.network();
        const first = await bench.run(
          { ports: [{ target: 80, protocol: 'tcp', host_ip: '127.0.0.1' }] },
          { attachments: [bench.attachment(network)] },
        );
        const port = (await engine.inspectContainer(first)).ports.find(({ hostPort }) => hostPort > 0)?.hostPort;
        const second = await bench.create(
          { ports: [{ target: 80, published: String(port), protocol: 'tcp', host_ip: '127.0.0.1' }] },
          { attachments: [bench.attachment(network)] },
        );
        await expect(engine.startContainer(second)).rejects.toMatchObject({
          kind: 'conflict',
          hint: expect.stringMatching(/holds that host port/),
        });
      });
    });

    describe('networks', () => {
      it('are created once per name', async () => {
        const { name } = await bench.network();
        await expect(engine.createNetwork({ name }, {})).rejects.toMatchObject({ kind: 'conflict' });
      });

      it('refuse a subnet that overlaps another, and say what to do', async () => {
        const ipam = { config: [{ subnet: '10.251.7.0/24' }] };
        await bench.network({ ipam });
        await expect(bench.network({ ipam })).rejects.toMatchObject({
          kind: 'conflict',
          hint: expect.stringMatching(/choose another subnet/),
        });
      });

      it('are joined and left while a container runs', async () => {
        const [first, second] = [await bench.network(), await bench.network()];
        const id = await bench.run({}, { attachments: [bench.attachment(first)] });
        await engine.connectNetwork(id, bench.attachment(second, ['late']));
        expect(Object.keys((await engine.inspectContainer(id)).networks).sort()).toEqual(
          [first.name, second.name].sort(),
        );
        await engine.disconnectNetwork(id, second.name);
        await engine.disconnectNetwork(id, second.name);
        expect(Object.keys((await engine.inspectContainer(id)).networks)).toEqual([first.name]);
      });

      it('that are in use are not removed', async () => {
        const network = await bench.network();
        await bench.run({}, { attachments: [bench.attachment(network)] });
        await expect(engine.removeNetwork(network.name)).rejects.toMatchObject({ kind: 'conflict' });
      });

      it('removed twice are gone', async () => {
        const { name } = await bench.network();
        await engine.removeNetwork(name);
        await engine.removeNetwork(name);
        expect(await engine.findNetwork(name)).toBeUndefined();
      });
    });

    describe('volumes', () => {
      it('that are in use are not removed', async () => {
        const volume = await bench.volume();
        await bench.create(
          { volumes: [{ type: 'volume', source: 'v', target: '/v' }] },
          { volumeNames: { v: volume } },
        );
        await expect(engine.removeVolume(volume)).rejects.toMatchObject({ kind: 'conflict' });
      });

      it('removed twice are gone', async () => {
        const volume = await bench.volume();
        await engine.removeVolume(volume);
        await engine.removeVolume(volume);
        expect(await engine.findVolume(volume)).toBeUndefined();
      });
    });

    describe('logs', () => {
      it('tell standard output and error apart', async () => {
        expect(await bench.outputOf('echo out; echo err >&2; exit 3')).toEqual({
          stdout: 'out\n',
          stderr: 'err\n',
          exitCode: 3,
        });
      });

      it('give the last lines, with the time when asked', async () => {
        const id = await bench.run({ command: ['sh', '-c', 'for i in 1 2 3 4 5; do echo $i; done'] });
        await engine.waitContainer(id);
        expect((await bench.logs(id, { tail: '2' })).stdout).toBe('4\n5\n');
        expect((await bench.logs(id, { tail: '1', timestamps: true })).stdout).toMatch(
          /^\d{4}-\d\d-\d\dT[\d:.]+Z 5\n$/,
        );
        expect((await bench.logs(id, { tail: '0' })).stdout).toBe('');
        expect((await bench.logs(id, { since: '2100-01-01T00:00:00Z' })).stdout).toBe('');
      });

      it('follow until the container ends', async () => {
        const id = await bench.run({ command: ['sh', '-c', 'echo one; sleep 0.3; echo two'] });
        expect((await bench.logs(id, { follow: true })).stdout).toBe('one\ntwo\n');
      });

      it('followed, end with the signal', async () => {
        const controller = new AbortController();
        const id = await bench.run({ command: ['sh', '-c', 'echo one; sleep 60'] });
        let text = '';
        for await (const { data } of engine.logs(
          id,
          { follow: true, tail: 'all', timestamps: false },
          controller.signal,
        )) {
          text += Buffer.from(data).toString();
          controller.abort();
        }
        expect(text).toBe('one\n');
      });

      it('of a terminal come raw', async () => {
        const id = await bench.run({ command: ['sh', '-c', 'echo tty'], tty: true });
        await engine.waitContainer(id);
        expect((await bench.logs(id)).stdout).toBe('tty\r\n');
      });

      it('are whole, however long', async () => {
        const { stdout } = await bench.outputOf('seq 1 200000');
        expect(stdout.length).toBe(1_288_895);
        expect(stdout.endsWith('\n200000\n')).toBe(true);
      });
    });

    describe('attached', () => {
      const text = async (stream: ProcessStreams['stdout']): Promise<string> =>
        Buffer.concat(await stream.toArray()).toString();

      it('input goes in, output and errors come out', async () => {
        const id = await bench.create(
          { command: ['sh', '-c', 'cat; echo err >&2'] },
          { openStdin: true, attachStdin: true },
        );
        const streams = await engine.attach(id, { stdin: true });
        await engine.startContainer(id);
        streams.stdin.end('in and out');
        expect(await Promise.all([text(streams.stdout), text(streams.stderr)])).toEqual(['in and out', 'err\n']);
      });

      it('to a terminal, everything comes raw, and its size can change', async () => {
        const id = await bench.create(
          { command: ['sh', '-c', 'read x; stty size; echo "got $x"'] },
          { openStdin: true, attachStdin: true, tty: true },
        );
        const streams = await engine.attach(id, { stdin: true });
        await engine.startContainer(id);
        await engine.resizeContainer(id, 91, 17);
        streams.stdin.write('hello\n');
        const seen = await text(streams.stdout);
        expect(seen).toContain('17 91');
        expect(seen).toContain('got hello');
      });

      it('the signal cuts the connection and leaves the process alone', async () => {
        const controller = new AbortController();
        const id = await bench.run();
        const streams = await engine.attach(id, { stdin: false }, controller.signal);
        const closed = new Promise((resolve) => streams.stdout.once('close', resolve));
        controller.abort();
        streams.stdout.resume();
        await closed;
        expect((await engine.inspectContainer(id)).state).toBe('running');
      });
    });

    describe('exec', () => {
      it('gives output, errors and the exit code', async () => {
        const id = await bench.run();
        expect(await bench.exec(id, 'echo out; echo err >&2; exit 5')).toEqual({
          stdout: 'out\n',
          stderr: 'err\n',
          exitCode: 5,
        });
      });

      it('has its own user, folder and environment', async () => {
        const id = await bench.run();
        const { stdout } = await bench.exec(id, 'echo "$(id -u) $PWD $A"', {
          user: '77',
          workingDir: '/tmp',
          environment: ['A=b'],
        });
        expect(stdout).toBe('77 /tmp b\n');
      });

      it('with a terminal is raw, and its size can change', async () => {
        const id = await bench.run();
        const exec = await engine.createExec(id, {
          command: ['sh', '-c', 'read x; stty size'],
          tty: true,
          attachStdin: true,
          attachOutput: true,
        });
        const streams = await exec.start({ detach: false, tty: true });
        await exec.resize(80, 24);
        streams?.stdin.write('\n');
        expect(Buffer.concat((await streams?.stdout.toArray()) ?? []).toString()).toContain('24 80');
      });

      it('detached goes on by itself', async () => {
        const id = await bench.run();
        const exec = await engine.createExec(id, {
          command: ['sh', '-c', 'echo done > /done'],
          tty: false,
          attachStdin: false,
          attachOutput: false,
        });
        expect(await exec.start({ detach: true, tty: false })).toBeUndefined();
        await eventually('the command has written', async () => (await engine.statPath(id, '/done')) !== undefined);
      });

      it('carries 32 MiB in and out without loss', async () => {
        const id = await bench.run();
        const block = randomBytes(1024 * 1024);
        const exec = await engine.createExec(id, {
          command: ['cat'],
          tty: false,
          attachStdin: true,
          attachOutput: true,
        });
        const streams = await exec.start({ detach: false, tty: false });
        if (streams === undefined) throw new Error('an attached exec has streams');
        const [sent, received] = [createHash('sha256'), createHash('sha256')];
        const feed = async (): Promise<void> => {
          for (let count = 0; count < 32; count += 1) {
            sent.update(block);
            if (!streams.stdin.write(block)) await new Promise((resolve) => streams.stdin.once('drain', resolve));
          }
          streams.stdin.end();
        };
        streams.stderr.resume();
        const feeding = feed();
        for await (const chunk of streams.stdout) received.update(chunk);
        await feeding;
        expect(received.digest('hex')).toBe(sent.digest('hex'));
        expect(await exec.exitCode()).toBe(0);
      });

      it('needs a container that runs and a program that exists', async () => {
        await expect(bench.exec(await bench.create(), 'true')).rejects.toMatchObject({ kind: 'conflict' });
        const { exitCode } = await bench
          .exec(await bench.run(), '', { command: ['/no/such/program'] })
          .catch(() => ({ exitCode: 127 }));
        expect([126, 127]).toContain(exitCode);
      });
    });

    describe('files', () => {
      it('go in and come out as archives', async () => {
        const [from, to] = [await bench.run(), await bench.create()];
        await bench.exec(from, 'mkdir -p /box/deep && echo inside > /box/deep/file');
        await engine.putArchive(to, '/', await engine.getArchive(from, '/box'));
        const pieces = await (await engine.getArchive(to, '/box/deep/file')).toArray();
        expect(Buffer.concat(pieces).includes('inside\n')).toBe(true);
      });

      it('are told apart by what they are', async () => {
        const id = await bench.run();
        await bench.exec(id, 'mkdir /d; echo 12345 > /f; ln -s /f /l; mkfifo /p');
        expect(await engine.statPath(id, '/d')).toMatchObject({ name: 'd', kind: 'directory', linkTarget: '' });
        expect(await engine.statPath(id, '/f')).toMatchObject({ name: 'f', kind: 'file', size: 6 });
        expect(await engine.statPath(id, '/l')).toMatchObject({ kind: 'symlink', linkTarget: '/f' });
        expect(await engine.statPath(id, '/p')).toMatchObject({ kind: 'other' });
        expect(await engine.statPath(id, '/none')).toBeUndefined();
      });

      it('of a path that is not there are not found', async () => {
        const id = await bench.create();
        await expect(engine.getArchive(id, '/none')).rejects.toMatchObject({ kind: 'not-found' });
        await expect(engine.putArchive(id, '/none', Buffer.alloc(1024))).rejects.toMatchObject({ kind: 'not-found' });
      });

      it('all together are exported', async () => {
        const id = await bench.create();
        let size = 0;
        for await (const chunk of await engine.exportContainer(id)) size += (chunk as Buffer).length;
        expect(size).toBeGreaterThan(100_000);
      });
    });

    describe('tells what goes on', () => {
      it('processes of a container', async () => {
        const table = await engine.top(await bench.run());
        expect(table.titles).toContain('PID');
        expect(table.processes.length).toBeGreaterThan(0);
      });

      it('statistics, once and as a stream', async () => {
        const id = await bench.run();
        const samples: unknown[] = [];
        for await (const sample of engine.stats(id, { stream: false })) samples.push(sample);
        expect(samples).toHaveLength(1);
        const controller = new AbortController();
        for await (const sample of engine.stats(id, { stream: true }, controller.signal)) {
          expect(sample).toHaveProperty('cpu_stats');
          controller.abort();
        }
      });

      it("events of the project's containers, as they happen", async () => {
        const controller = new AbortController();
        const seen: EngineEvent[] = [];
        const since = String(Math.floor(Date.now() / 1000) - 1);
        const own = new Bench(engine, subject.defaults);
        const watching = (async () => {
          for await (const event of engine.events({ project: own.project, since }, controller.signal)) seen.push(event);
        })();
        const id = await own.run();
        await eventually('the start is told', () => seen.some(({ action }) => action === 'start'));
        controller.abort();
        await watching;
        await own.clear();
        expect(seen.find(({ action }) => action === 'start')).toMatchObject({
          type: 'container',
          id,
          attributes: { [LABEL.project]: own.project },
        });
        expect(Number(seen[0]?.timeNano ?? 0n)).toBeGreaterThan(Number(since) * 1e9);
      });
    });

    describe('images', () => {
      it('are tagged and untagged; untagging again succeeds', async () => {
        const name = `${bench.imageName()}:v1`;
        await engine.tagImage(IMAGE, name);
        expect((await engine.findImage(name))?.id).toBe((await engine.findImage(IMAGE))?.id);
        await engine.removeImage(name, { force: false });
        await engine.removeImage(name, { force: false });
        expect(await engine.findImage(name)).toBeUndefined();
        await expect(engine.tagImage(name, name)).rejects.toMatchObject({ kind: 'not-found' });
      });

      it('are made of containers', async () => {
        const id = await bench.run({ command: ['sh', '-c', 'echo committed > /x'] });
        await engine.waitContainer(id);
        const reference = bench.imageName();
        const image = await engine.commitContainer(id, {
          reference,
          comment: 'c',
          author: 'a',
          changes: ['CMD ["cat","/x"]'],
          pause: true,
        });
        expect((await engine.findImage(reference))?.id).toBe(image);
        const made = await bench.run({ command: null }, { image: reference });
        await engine.waitContainer(made);
        expect((await bench.logs(made)).stdout).toBe('committed\n');
      });

      describe('and a registry', () => {
        let registry: Registry;
        let closed: Registry;
        let config: string;
        let member: Engine;

        beforeAll(async () => {
          registry = await startRegistry();
          closed = await startRegistry({ user: 'me', password: 'hush:hush' });
          config = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
          const auth = Buffer.from('me:hush:hush').toString('base64');
          await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
          member = await subject.connect({ configDirectory: config });
        });
        afterAll(async () => {
          await member.close();
          await Promise.all([registry.close(), closed.close(), rm(config, { recursive: true, force: true })]);
        });

        it('travel there and back, layer by layer', async () => {
          const reference = `${bench.imageName(registry.host)}:v1`;
          await engine.tagImage(IMAGE, reference);
          const pushed: PullProgress[] = [];
          await engine.pushImage(reference, { onProgress: (progress) => pushed.push(progress) });
          expect(pushed.some(({ status }) => /pushed/i.test(status))).toBe(true);
          const digest = await engine.resolveDigest(reference);
          expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
          await engine.removeImage(reference, { force: true });
          const pulled: PullProgress[] = [];
          await engine.pullImage(reference, { onProgress: (progress) => pulled.push(progress) });
          expect(pulled.some(({ layer }) => layer !== '')).toBe(true);
          expect(await engine.findImage(reference)).toBeDefined();
          const repository = reference.replace(/:v1$/, '');
          await engine.pullImage(`${repository}@${digest}`, {});
          expect((await engine.findImage(reference))?.digests).toContain(`${repository}@${digest}`);
        });

        it("travel with the credentials of docker's configuration, and not without", async () => {
          const reference = bench.imageName(closed.host);
          await engine.tagImage(IMAGE, reference);
          await expect(engine.pushImage(reference, {})).rejects.toMatchObject({
            hint: expect.stringMatching(/docker login/),
          });
          await member.pushImage(reference, {});
          await engine.removeImage(reference, { force: true });
          const error: unknown = await engine.pullImage(reference, {}).catch((reason: unknown) => reason);
          expect(error).toMatchObject({ hint: expect.stringMatching(/docker login/) });
          await member.pullImage(reference, {});
          expect(await engine.findImage(reference)).toBeDefined();
          expect(await member.resolveDigest(reference)).toMatch(/^sha256:/);
        });

        it('that it does not have are not found', async () => {
          await expect(engine.pullImage(`${registry.host}/none:1`, {})).rejects.toMatchObject({ kind: 'not-found' });
          await expect(engine.resolveDigest(`${registry.host}/none:1`)).rejects.toMatchObject({ kind: 'not-found' });
        });

        it('of one that limits pulls say so', async () => {
          registry.fail({
            status: 429,
            code: 'TOOMANYREQUESTS',
            message: 'toomanyrequests: You have reached your pull rate limit',
          });
          await expect(engine.pullImage(`${registry.host}/limited:1`, {})).rejects.toMatchObject({
            hint: expect.stringMatching(/limits pulls/),
          });
          registry.fail(undefined);
        });

        it('of one that does not answer say so', async () => {
          await expect(engine.pullImage('127.0.0.1:9/none:1', {})).rejects.toMatchObject({
            hint: expect.stringMatching(/cannot be reached/),
          });
        });
      });
    });

    describe('builds', () => {
      let context: string;
      beforeAll(async () => {
        context = await mkdtemp(join(tmpdir(), 'windlass-build-'));
        await writeFile(
          join(context, 'Dockerfile'),
          `FROM ${IMAGE} AS base\nARG WORD\nCOPY greeting /greeting\nRUN echo "$WORD" >> /greeting\nFROM base AS extra\nRUN echo extra >> /greeting\n`,
        );
        await writeFile(join(context, 'greeting'), 'hello\n');
        await writeFile(join(context, '.dockerignore'), 'ignored\n');
        await writeFile(join(context, 'ignored'), '');
      });
      afterAll(() => rm(context, { recursive: true, force: true }));
      const request = (tag: string, more: object = {}) => ({
        ...{ service: 'web', build: { context }, tags: [tag], labels: { 'wlt.built': 'yes' }, args: {}, platforms: [] },
        ...{ noCache: false, pull: false, push: false, quiet: false, secrets: [] },
        ...more,
      });
      const greeting = async (image: string): Promise<string> =>
        (await bench.outputOf('cat /greeting', {}, { image })).stdout;

      it('an image with arguments, labels and several tags', async () => {
        const [tag, second] = [bench.imageName(), bench.imageName()];
        let output = '';
        const id = await engine.buildImage(request(tag, { args: { WORD: 'world' }, tags: [tag, second] }), (text) => {
          output += text;
        });
        const image = await engine.findImage(tag);
        expect(image?.id).toBe(id);
        expect(image?.labels).toMatchObject({ 'wlt.built': 'yes' });
        expect((await engine.findImage(second))?.id).toBe(id);
        expect(output).toMatch(/COPY greeting/);
        expect(await greeting(tag)).toBe('hello\nworld\nextra\n');
      });

      it('up to a target', async () => {
        const tag = bench.imageName();
        await engine.buildImage(
          request(tag, { build: { context, target: 'base' }, args: { WORD: 'w' } }),
          () => undefined,
        );
        expect(await greeting(tag)).toBe('hello\nw\n');
      });

      it('from a Dockerfile inside the Compose file', async () => {
        const tag = bench.imageName();
        const dockerfile_inline = `FROM ${IMAGE}\nCOPY . /all\nRUN ls -A /all > /greeting\n`;
        await engine.buildImage(request(tag, { build: { context, dockerfile_inline } }), () => undefined);
        const files = (await greeting(tag)).trim().split('\n');
        expect(files).toContain('greeting');
        expect(files).not.toContain('ignored');
      });

      it('that fail leave no tag, and say which command failed', async () => {
        const tag = bench.imageName();
        const build = { context, dockerfile_inline: `FROM ${IMAGE}\nRUN exit 17\n` };
        await expect(engine.buildImage(request(tag, { build }), () => undefined)).rejects.toThrow(
          /service "web".*(17|exit 17)/s,
        );
        expect(await engine.findImage(tag)).toBeUndefined();
      });

      it('that are called off end', async () => {
        const controller = new AbortController();
        const build = { context, dockerfile_inline: `FROM ${IMAGE}\nRUN echo begun; sleep 60\n` };
        const building = engine.buildImage(
          request(bench.imageName(), { build, noCache: true }),
          (text) => {
            if (text.includes('begun')) controller.abort();
          },
          controller.signal,
        );
        await expect(building).rejects.toBeInstanceOf(InterruptedError);
      });

      it('with secrets, or a refusal that names them', async () => {
        const { builder } = await engine.capabilities();
        const tag = bench.imageName();
        const build = {
          context,
          secrets: [{ source: 's' }],
          dockerfile_inline: `FROM ${IMAGE}\nRUN --mount=type=secret,id=s tr a-z A-Z < /run/secrets/s > /greeting\n`,
        };
        const building = engine.buildImage(
          request(tag, { build, secrets: [{ id: 's', content: 'hush' }] }),
          () => undefined,
        );
        if (builder === 'classic')
          await expect(building).rejects.toMatchObject({
            kind: 'unsupported',
            message: expect.stringMatching(/build.secrets needs BuildKit/),
          });
        else {
          await building;
          expect(await greeting(tag)).toBe('HUSH');
        }
      });
    });
  });
}
