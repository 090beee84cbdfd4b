// Containers as the service asks for them.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { At } from './bench.ts';

export function creation(at: At): void {
  describe('creates a container', () => {
    it('with its command, environment, user, folder and host name', async () => {
      const { stdout } = await at().outputOf('echo "$A|$(id -u)|$PWD|$(hostname)"', {
        environment: { A: 'é $x "q"' },
        user: '1234',
        working_dir: '/tmp',
        hostname: 'box',
      });
      expect(stdout).toBe('é $x "q"|1234|/tmp|box\n');
    });

    it('once per name', async () => {
      const name = at().name();
      await at().create({}, { name });
      await expect(at().create({}, { name })).rejects.toMatchObject({
        kind: 'conflict',
        verb: 'createContainer',
        resource: `container "${name}"`,
      });
    });

    it('only from an image that is there', async () => {
      await expect(at().create({}, { image: 'windlass.invalid/none:1' })).rejects.toMatchObject({
        kind: 'not-found',
      });
    });

    it('on two networks, found by its aliases on each', async () => {
      const [a, b] = [await at().network(), await at().network()];
      await at().run({}, { attachments: [at().attachment(a, ['on-a']), at().attachment(b, ['on-b'])] });
      const { stdout } = await at().outputOf(
        'nslookup on-a >/dev/null 2>&1 && echo a; nslookup on-b >/dev/null 2>&1 && echo b',
        {},
        { attachments: [at().attachment(a)] },
      );
      expect(stdout).toBe('a\n');
      const other = await at().outputOf(
        'nslookup on-b >/dev/null 2>&1 && echo b',
        {},
        { attachments: [at().attachment(b)] },
      );
      expect(other.stdout).toBe('b\n');
    });

    it('with a static address, also on its second network', async () => {
      const subnet = `10.${200 + ((randomBytes(1)[0] ?? 0) % 50)}.${randomBytes(1)[0]}`;
      const [first, second] = [
        await at().network(),
        await at().network({ ipam: { config: [{ subnet: `${subnet}.0/24` }] } }),
      ];
      const id = await at().run(
        {},
        { attachments: [at().attachment(first), at().attachment(second, [], { ipv4_address: `${subnet}.77` })] },
      );
      const { networks } = await at().engine.inspectContainer(id);
      expect(networks[second.name]?.address).toBe(`${subnet}.77`);
    });

    it('not on a network that does not exist: it cannot be created, or not started', async () => {
      const attachments = [at().attachment(await at().network()), at().attachment({ name: 'wlt-no-such-network' })];
      await expect(at().run({}, { attachments })).rejects.toMatchObject({ kind: 'not-found' });
    });

    it("without a network, with the host's, and with another container's", async () => {
      expect((await at().outputOf('ls /sys/class/net', { network_mode: 'none' })).stdout.trim()).toMatch(/\blo\b/);
      const id = await at().run({ hostname: 'shared-net' }, { attachments: [at().attachment(await at().network())] });
      const mine = (await at().exec(id, 'cat /proc/net/fib_trie | md5sum')).stdout;
      expect((await at().outputOf('cat /proc/net/fib_trie | md5sum', { network_mode: `container:${id}` })).stdout).toBe(
        mine,
      );
    });

    it('with extra hosts', async () => {
      const { stdout } = await at().outputOf(
        'cat /etc/hosts',
        { extra_hosts: ['elsewhere=10.9.8.7'] },
        { attachments: [at().attachment(await at().network())] },
      );
      expect(stdout).toMatch(/^10\.9\.8\.7\s+elsewhere$/m);
    });

    it('with bind mounts, read-only ones too, creating what is missing on the host', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
      try {
        await writeFile(join(folder, 'file'), 'from the host');
        const { stdout } = await at().outputOf('cat /ro/file; echo x > /ro/file || echo refused; echo made > /rw/out', {
          volumes: [
            { type: 'bind', source: folder, target: '/ro', read_only: true },
            { type: 'bind', source: join(folder, 'new'), target: '/rw', bind: { create_host_path: true } },
          ],
        });
        expect(stdout).toBe('from the hostrefused\n');
        expect(await readFile(join(folder, 'new', 'out'), 'utf8')).toBe('made\n');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    it('only on host paths that exist, when asked not to create them', async () => {
      const source = join(tmpdir(), at().name());
      await expect(
        at().create({ volumes: [{ type: 'bind', source, target: '/x', bind: { create_host_path: false } }] }),
      ).rejects.toMatchObject({ hint: expect.stringMatching(/create the path/) });
      await expect(stat(source)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('with a volume that outlives it', async () => {
      const volumeNames = { data: await at().volume() };
      const volumes = [{ type: 'volume', source: 'data', target: '/data' }] as const;
      await at().outputOf('echo kept > /data/x', { volumes }, { volumeNames });
      expect((await at().outputOf('cat /data/x', { volumes }, { volumeNames })).stdout).toBe('kept\n');
    });

    it('with the anonymous volume of another', async () => {
      const volumes = [{ type: 'volume', target: '/anon' }] as const;
      const first = await at().run({ command: ['sh', '-c', 'echo carried > /anon/x'], volumes });
      await at().engine.waitContainer(first);
      const name = (await at().engine.inspectContainer(first)).mounts[0]?.name ?? '';
      expect(name).not.toBe('');
      const { stdout } = await at().outputOf('cat /anon/x', { volumes }, { inheritedVolumes: { '/anon': name } });
      expect(stdout).toBe('carried\n');
    });

    it('with tmpfs, a read-only root and files of secrets', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
      try {
        await writeFile(join(folder, 's'), 'hush');
        const { stdout } = await at().outputOf(
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
      const { stdout } = await at().outputOf(
        'ulimit -n; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null',
        { mem_limit: '67108864', ulimits: { nofile: { soft: 123, hard: 456 } } },
      );
      expect(stdout.trim().split('\n')).toEqual(['123', '67108864']);
    });

    it('with capabilities, sysctls and an init', async () => {
      const dropped = await at().outputOf(
        'grep CapEff /proc/self/status; cat /proc/1/comm; cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
        { cap_drop: ['ALL'], init: true, sysctls: { 'net.ipv4.ip_unprivileged_port_start': '7' } },
        { attachments: [at().attachment(await at().network())] },
      );
      expect(dropped.stdout).toMatch(/CapEff:\s+0000000000000000/);
      expect(dropped.stdout).toMatch(/init\n7\n$/);
    });

    it('with its labels, all of them', async () => {
      const labels = { ...at().labels, 'a.b/c': 'd=e "f"', empty: '' };
      const id = await at().create({}, { labels });
      expect((await at().engine.inspectContainer(id)).labels).toMatchObject(labels);
    });
  });

  describe('health checks', () => {
    it('make a container healthy, and show their probes', async () => {
      const id = await at().run({
        healthcheck: { test: ['CMD-SHELL', 'echo fine'], interval: '100ms', timeout: '5s', retries: 3 },
      });
      await eventually(
        'the container is healthy',
        async () => (await at().engine.inspectContainer(id)).health === 'healthy',
      );
      const details = await at().engine.inspectContainer(id);
      expect(details.hasHealthcheck).toBe(true);
      expect(details.probes.at(-1)).toMatchObject({ exitCode: 0, output: expect.stringContaining('fine') });
      const { containers } = await at().engine.observe(at().project);
      expect(containers.find((one) => one.id === id)?.health).toBe('healthy');
    });

    it('make a container unhealthy', async () => {
      const id = await at().run({
        healthcheck: { test: ['CMD', 'false'], interval: '100ms', timeout: '5s', retries: 1 },
      });
      await eventually(
        'the container is unhealthy',
        async () => (await at().engine.inspectContainer(id)).health === 'unhealthy',
      );
    });

    it('are none where the service disables them', async () => {
      const id = await at().run({ healthcheck: { disable: true } });
      expect(await at().engine.inspectContainer(id)).toMatchObject({ hasHealthcheck: false, health: undefined });
    });
  });
}
