// `/events`: past ones, coming ones, and the filters. And what older versions of the API say differently.
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type At, expectRefusal, filtersOf, good, jsonLines } from './bench.ts';

interface Event {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly time: number;
  readonly timeNano: number;
  readonly scope: string;
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
}

const EPOCH = '1';

export function events(at: At): void {
  /** Events so far. */
  const past = async (
    filters: Readonly<Record<string, string[]>>,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Event[]> => {
    // The engine's clock counts in nanoseconds, and waits for an end that is yet to come.
    const until = ((Date.now() + 20) / 1000).toFixed(3);
    const answer = good(await at().api.get('/events', { since: EPOCH, until, filters: filtersOf(filters), ...query }));
    return jsonLines(answer.text) as unknown as Event[];
  };
  const actions = (list: readonly Event[]): string[] => list.map(({ Action }) => Action);

  test('the life of a container, in order', async () => {
    const id = await at().run();
    good(await at().api.post(`/containers/${id}/pause`));
    good(await at().api.post(`/containers/${id}/unpause`));
    good(await at().api.post(`/containers/${id}/rename`, undefined, { name: at().name() }));
    good(await at().api.post(`/containers/${id}/stop`, undefined, { t: 0 }));
    await at().remove(id);
    const found = await past({ container: [id] });
    // Docker tells of a pause again where the next order overtakes containerd's word of it.
    expect([...new Set(actions(found))].filter((action) => action !== 'kill')).toEqual([
      'create',
      'start',
      'pause',
      'unpause',
      'rename',
      'die',
      'stop',
      'destroy',
    ]);
    expect(actions(found)).toContain('kill');
  });
  test('an event has type, actor, attributes and times, in the new words and the old ones', async () => {
    const name = at().name();
    const id = await at().create({ Labels: { seen: 'yes' } }, name);
    const [event] = await past({ container: [id], event: ['create'] });
    expect(event).toMatchObject({
      Type: 'container',
      Action: 'create',
      Actor: { ID: id, Attributes: { name, image: 'busybox:latest', seen: 'yes' } },
      scope: 'local',
      status: 'create',
      id,
      from: 'busybox:latest',
    });
    expect(Math.floor((event?.timeNano ?? 0) / 1e9)).toBe(event?.time);
  });
  test('die tells the exit code, kill the signal', async () => {
    const id = await at().finished('exit 9');
    expect((await past({ container: [id], event: ['die'] }))[0]?.Actor.Attributes).toMatchObject({ exitCode: '9' });
    const other = await at().run();
    await at().api.post(`/containers/${other}/kill`, undefined, { signal: 'KILL' });
    expect((await past({ container: [other], event: ['kill'] }))[0]?.Actor.Attributes).toMatchObject({ signal: '9' });
  });
  test('running out of memory is told', async () => {
    // Again and again: Docker looks for it a moment after the start only.
    const id = await at().run({
      Cmd: ['sh', '-c', 'while :; do tail /dev/zero; sleep 0.1; done'],
      HostConfig: { Memory: 16777216, MemorySwap: 16777216 },
    });
    await eventually('the kill of a process of the container is told', async () =>
      actions(await past({ container: [id] })).includes('oom'),
    );
  });
  test('execs are told, with their command', async () => {
    const id = await at().run();
    await at().exec(id, 'true');
    await eventually('all three', async () => actions(await past({ container: [id] })).includes('exec_die'));
    const found = actions(await past({ container: [id], event: ['exec_create', 'exec_start', 'exec_die'] }));
    expect(found).toEqual(['exec_create: sh -c true', 'exec_start: sh -c true', 'exec_die']);
    await at().remove(id);
  });
  test('health is told', async () => {
    const id = await at().run({ Healthcheck: { Test: ['CMD', 'true'], Interval: 100_000_000 } });
    await eventually('it is told', async () =>
      actions(await past({ container: [id] })).includes('health_status: healthy'),
    );
    await at().remove(id);
  });
  test('networks: made, joined, left, gone', async () => {
    const network = await at().network();
    const id = await at().run({ HostConfig: { NetworkMode: network.name } });
    await at().remove(id);
    good(await at().api.delete(`/networks/${network.name}`));
    const found = await past({ network: [network.id] });
    expect(actions(found)).toEqual(['create', 'connect', 'disconnect', 'destroy']);
    expect(found[1]?.Actor.Attributes).toMatchObject({ name: network.name, type: 'bridge', container: id });
  });
  test('volumes: made, mounted, unmounted, gone', async () => {
    const name = await at().volume();
    await at().remove(await at().finished('true', { HostConfig: { Binds: [`${name}:/v`] } }));
    good(await at().api.delete(`/volumes/${name}`));
    // Docker tells of the creation again when a container mounts the volume.
    const told = actions(await past({ volume: [name] }));
    expect(told.filter((action, index) => action !== told[index - 1])).toEqual([
      'create',
      'mount',
      'unmount',
      'destroy',
    ]);
  });
  test('images: named and unnamed', async () => {
    const repo = at().image();
    good(await at().api.post('/images/busybox/tag', undefined, { repo }));
    good(await at().api.delete(`/images/${repo}`));
    const found = await past({ type: ['image'], event: ['tag', 'untag'] });
    expect(
      found.some(({ Action, Actor }) => Action === 'tag' && Actor.Attributes.name?.startsWith(repo) === true),
    ).toBe(true);
    expect(found.some(({ Action }) => Action === 'untag')).toBe(true);
  });
  test('filters: type, event, label', async () => {
    const id = await at().create({ Labels: { only: at().prefix } });
    expect((await past({ type: ['volume'], container: [id] })).length).toBe(0);
    expect(actions(await past({ label: [`only=${at().prefix}`] }))).toEqual(['create']);
    expect(actions(await past({ container: [id], event: ['create', 'start'] }))).toEqual(['create']);
  });
  test('since and until bound what is told', async () => {
    const id = await at().create();
    const [event] = await past({ container: [id] });
    const after = ((event?.timeNano ?? 0) / 1e9 + 0.002).toFixed(6);
    expect(await past({ container: [id] }, { since: after, until: after })).toEqual([]);
    expect(
      actions(await past({ container: [id] }, { since: String(event?.time), until: String((event?.time ?? 0) + 2) })),
    ).toEqual(['create']);
  });
  test('coming events are told as they happen', async () => {
    const name = at().name();
    const flowing = await at().api.flow('GET', '/events', {
      query: { filters: filtersOf({ container: [name], event: ['create'] }) },
    });
    expect([flowing.status, flowing.headers['content-type']]).toEqual([200, 'application/json']);
    const id = await at().create({}, name);
    for await (const chunk of flowing.chunks) {
      expect(jsonLines(chunk.toString())[0]).toMatchObject({ Action: 'create', Actor: { ID: id } });
      break;
    }
    flowing.close();
  });
  test('a time that is none, and filters that are none, are refused', async () => {
    const mistake = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    expect((await at().api.get('/events', { since: 'yesterday', until: '1' })).status).toBe(mistake);
    expectRefusal(await at().api.get('/events', { since: '1', until: '2', filters: '{' }), mistake, /./);
    expectRefusal(
      await at().api.get('/events', { since: '5', until: '1' }),
      400,
      /`?since`? time.*cannot be after `?until`? time|since.*until/,
    );
  });

  // Older versions of the API.
  const old = { version: '1.24' };
  test('1.24: everything clients of that time ask for', async () => {
    const id = await at().run();
    for (const path of [
      '/version',
      '/info',
      '/containers/json',
      `/containers/${id}/json`,
      '/images/json',
      '/networks',
      '/volumes',
    ])
      expect([path, (await at().api.get(path, {}, old)).status]).toEqual([path, 200]);
    await at().remove(id);
  });
  test('1.24: lists of images tell the virtual size', async () => {
    const all = good(await at().api.get('/images/json', {}, old)).json as {
      RepoTags: string[] | null;
      VirtualSize: number;
    }[];
    const image = all.find(({ RepoTags }) => RepoTags?.includes('busybox:latest'));
    expect(image?.VirtualSize).toBeGreaterThan(0);
  });
  test('1.24: what cannot be started is 500', async () => {
    const id = await at().create({ Cmd: ['no-such-program'] });
    expect((await at().api.post(`/containers/${id}/start`, undefined, {}, old)).status).toBeGreaterThanOrEqual(400);
  });
  test('1.24: wait ends with the code, its head comes with it', async () => {
    const id = await at().finished('exit 2');
    expect(good(await at().api.post(`/containers/${id}/wait`, undefined, {}, old)).json).toMatchObject({
      StatusCode: 2,
    });
  });
  test('1.24: the second create of a network with a taken name', async () => {
    const network = await at().network();
    expect(
      (await at().api.post('/networks/create', { Name: network.name, CheckDuplicate: true }, {}, old)).status,
    ).toBe(409);
  });
}
