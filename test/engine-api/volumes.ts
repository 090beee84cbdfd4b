// `/volumes/…`
import { expect, test } from 'vitest';
import { type At, expectRefusal, filtersOf, good } from './bench.ts';

interface Listed {
  readonly Volumes: readonly { readonly Name: string }[] | null;
  readonly Warnings: unknown;
}

export function volumes(at: At): void {
  const list = async (filters: Readonly<Record<string, string[]>>): Promise<string[]> =>
    ((good(await at().api.get('/volumes', { filters: filtersOf(filters) })).json as Listed).Volumes ?? [])
      .map(({ Name }) => Name)
      .sort();

  test('create is 201, and tells all of it', async () => {
    const name = await at().volume();
    const answer = await at().api.post('/volumes/create', { Name: name });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      Name: name,
      Driver: 'local',
      Mountpoint: expect.stringMatching(new RegExp(`/${name}/_data$`)),
      CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/),
      Scope: 'local',
      Labels: at().label,
    });
  });
  test('create again keeps what is there', async () => {
    const name = await at().volume({ Labels: { ...at().label, first: '1' } });
    good(await at().api.post('/volumes/create', { Name: name, Labels: { second: '2' } }));
    expect(good(await at().api.get(`/volumes/${name}`)).json).toHaveProperty('Labels', { ...at().label, first: '1' });
  });
  test('create without a name invents one', async () => {
    const { Name } = good(await at().api.post('/volumes/create', {})).json as { Name: string };
    expect(Name).toMatch(/^[0-9a-f]{64}$/);
    expect((await at().api.delete(`/volumes/${Name}`)).status).toBe(204);
  });
  test('create refuses names and options that are none', async () => {
    const create = (body: object) => at().api.post('/volumes/create', body);
    expectRefusal(
      await create({ Name: 'a/b' }),
      400,
      /"a\/b" includes invalid characters for a local volume name, only "\[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\]" are allowed/,
    );
    expectRefusal(await create({ Name: '..' }), 400, /invalid|volume name is too short/);
    const option = await create({ Name: at().name('v'), DriverOpts: { wat: '1' } });
    expect([option.status, option.message]).toEqual([400, expect.stringMatching(/invalid option:? "?wat"?/)]);
  });
  test('what is not there is 404', async () => {
    expectRefusal(await at().api.get('/volumes/wlt-none'), 404, 'get wlt-none: no such volume');
    expectRefusal(await at().api.delete('/volumes/wlt-none'), 404, 'get wlt-none: no such volume');
    expect((await at().api.delete('/volumes/wlt-none', { force: 1 })).status).toBe(204);
  });
  test('one in use is not removed, even with force', async () => {
    const name = await at().volume();
    const id = await at().create({ HostConfig: { Binds: [`${name}:/v`] } });
    expectRefusal(await at().api.delete(`/volumes/${name}`), 409, `remove ${name}: volume is in use - [${id}]`);
    expect((await at().api.delete(`/volumes/${name}`, { force: 1 })).status).toBe(409);
    await at().remove(id);
    expect((await at().api.delete(`/volumes/${name}`)).status).toBe(204);
  });
  test('the list: names, labels, use', async () => {
    const [used, unused] = [await at().volume({ Labels: { ...at().label, use: 'yes' } }), await at().volume()];
    const id = await at().create({ HostConfig: { Binds: [`${used}:/v`] } });
    const mine = [`windlass.test=${at().prefix}`];
    expect(await list({ label: ['use=yes', ...mine] })).toEqual([used]);
    expect(await list({ name: [used] })).toContain(used);
    expect(await list({ dangling: ['true'], label: mine })).toContain(unused);
    expect(await list({ dangling: ['true'], label: mine })).not.toContain(used);
    expect(await list({ dangling: ['false'], label: mine })).toContain(used);
    expect(await list({ driver: ['wat'] })).toEqual([]);
    expect(await list({ driver: ['local'], label: mine })).toContain(used);
    await at().remove(id);
  });
  test('the list refuses unknown filters', async () => {
    expectRefusal(
      await at().api.get('/volumes', { filters: filtersOf({ wat: ['1'] }) }),
      400,
      /[Ii]nvalid filter '?wat'?/,
    );
  });
  test('an image’s content is copied into an empty volume, with owners and modes', async () => {
    const name = await at().volume();
    const id = await at().finished('stat -c "%a %u" /etc/shadow /tmp/.. 2>/dev/null; ls /etc | grep passwd', {
      HostConfig: { Binds: [`${name}:/etc`] },
    });
    expect((await at().logs(id)).stdout).toContain('passwd');
    const again = await at().finished('ls /x', { HostConfig: { Binds: [`${name}:/x`] } });
    expect((await at().logs(again)).stdout).toContain('passwd');
  });
  test('nocopy leaves it empty', async () => {
    const name = await at().volume();
    const id = await at().finished('ls -A /etc | grep -c passwd', { HostConfig: { Binds: [`${name}:/etc:nocopy`] } });
    expect((await at().logs(id)).stdout).toBe('0\n');
  });
  test('two containers share one', async () => {
    const name = await at().volume();
    await at().finished('echo shared > /v/f', { HostConfig: { Binds: [`${name}:/v`] } });
    const reader = await at().finished('cat /w/f; touch /w/g 2>&1', { HostConfig: { Binds: [`${name}:/w:ro`] } });
    expect((await at().logs(reader)).stdout).toMatch(/^shared\ntouch: .*Read-only file system\n$/);
  });
  test('volumes of another container', async () => {
    const name = await at().volume();
    const owner = await at().create({ HostConfig: { Binds: [`${name}:/v`] } });
    const id = await at().create({ HostConfig: { VolumesFrom: [`${owner}:ro`] } });
    expect(await at().inspect(id)).toHaveProperty(
      'Mounts.0',
      expect.objectContaining({ Name: name, Destination: '/v', RW: false }),
    );
  });
  test('options of the local driver: memory', async () => {
    const name = await at().volume({ DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } });
    expect(good(await at().api.get(`/volumes/${name}`)).json).toHaveProperty('Options', {
      type: 'tmpfs',
      device: 'tmpfs',
      o: 'size=1m',
    });
    const id = await at().finished("grep ' /v ' /proc/mounts", { HostConfig: { Binds: [`${name}:/v`] } });
    expect((await at().logs(id)).stdout).toMatch(/^tmpfs \/v tmpfs .*size=1024k/);
  });
  test('prune takes unused ones that fit, and tells how much that was', async () => {
    const name = await at().volume({ Labels: { prune: at().prefix } });
    await at().remove(
      await at().finished('head -c 100000 /dev/zero > /v/f', { HostConfig: { Binds: [`${name}:/v`] } }),
    );
    const { json } = good(
      await at().api.post('/volumes/prune', undefined, { filters: filtersOf({ label: [`prune=${at().prefix}`] }) }),
    );
    expect(json).toMatchObject({ VolumesDeleted: [name] });
    expect((json as { SpaceReclaimed: number }).SpaceReclaimed).toBeGreaterThanOrEqual(100_000);
  });
}
