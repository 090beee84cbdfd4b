// Start, stop, kill, pause, rename, update, wait, remove, prune: what each does, and how it refuses.
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type At, type CreateBody, expectRefusal, filtersOf, good } from './bench.ts';

interface State {
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string; readonly FailingStreak: number; readonly Log: readonly object[] };
  };
  readonly RestartCount: number;
}

const POLITE = 'trap "exit 3" TERM; trap "exit 4" USR1; echo up; while :; do sleep 0.05; done';

export function life(at: At): void {
  const state = async (id: string): Promise<State['State']> => ((await at().inspect(id)) as State).State;
  /** A shell that has set its traps. */
  const polite = async (more: CreateBody = {}): Promise<string> => {
    const id = await at().run({ Cmd: ['sh', '-c', POLITE], ...more });
    await eventually('its traps are set', async () => (await at().logs(id)).stdout.includes('up'));
    return id;
  };

  test('start is 204, and 304 when it runs', async () => {
    const id = await at().create();
    expect((await at().api.post(`/containers/${id}/start`)).status).toBe(204);
    const again = await at().api.post(`/containers/${id}/start`);
    expect([again.status, again.text]).toEqual([304, '']);
    expect(await state(id)).toMatchObject({
      Status: 'running',
      Running: true,
      Paused: false,
      ExitCode: 0,
      OOMKilled: false,
    });
    await at().remove(id);
  });

  test('a running container has a pid and a time, a stopped one its exit code and both times', async () => {
    const id = await at().create();
    expect(await state(id)).toMatchObject({
      Status: 'created',
      Pid: 0,
      StartedAt: '0001-01-01T00:00:00Z',
      FinishedAt: '0001-01-01T00:00:00Z',
    });
    await at().start(id);
    const running = await state(id);
    expect(running.Pid).toBeGreaterThan(1);
    expect(Math.abs(Date.parse(running.StartedAt) - Date.now())).toBeLessThan(60_000);
    await at().api.post(`/containers/${id}/kill`);
    await at().waitFor(id);
    const ended = await state(id);
    expect(ended).toMatchObject({ Status: 'exited', Running: false, Pid: 0, ExitCode: 137 });
    expect(ended.FinishedAt >= ended.StartedAt).toBe(true);
    await at().remove(id);
  });

  test('stop is 204, and 304 when it has stopped or never ran', async () => {
    const id = await polite();
    expect((await at().api.post(`/containers/${id}/stop`)).status).toBe(204);
    expect(await state(id)).toMatchObject({ Status: 'exited', ExitCode: 3 });
    expect((await at().api.post(`/containers/${id}/stop`)).status).toBe(304);
    expect((await at().api.post(`/containers/${await at().create()}/stop`)).status).toBe(304);
  });

  test('stop kills what does not end in time', async () => {
    const id = await at().run();
    const before = Date.now();
    expect((await at().api.post(`/containers/${id}/stop`, undefined, { t: 1 })).status).toBe(204);
    expect(Date.now() - before).toBeGreaterThan(900);
    expect((await state(id)).ExitCode).toBe(137);
  });

  test('stop sends the container’s own signal', async () => {
    const id = await polite({ StopSignal: 'SIGUSR1' });
    await at().api.post(`/containers/${id}/stop`);
    expect((await state(id)).ExitCode).toBe(4);
  });

  test('stop refuses a time that is no number', async () => {
    const id = await at().create();
    const answer = await at().api.post(`/containers/${id}/stop`, undefined, { t: 'soon' });
    const status = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    expect([answer.status, answer.message]).toEqual([status, expect.stringContaining('soon')]);
  });

  test('kill sends a signal by name or number', async () => {
    const id = await polite();
    expect((await at().api.post(`/containers/${id}/kill`, undefined, { signal: 'USR1' })).status).toBe(204);
    await at().waitFor(id);
    expect((await state(id)).ExitCode).toBe(4);
    await at().start(id);
    await eventually('its traps are set again', async () => (await at().logs(id)).stdout === 'up\nup\n');
    await at().api.post(`/containers/${id}/kill`, undefined, { signal: '15' });
    expect(await at().waitFor(id)).toBe(3);
  });

  test('kill of what does not run is 409', async () => {
    const id = await at().create();
    expectRefusal(
      await at().api.post(`/containers/${id}/kill`),
      409,
      `Cannot kill container: ${id}: Container ${id} is not running`,
    );
  });

  test('kill refuses a signal that is none', async () => {
    const id = await at().run();
    expectRefusal(
      await at().api.post(`/containers/${id}/kill`, undefined, { signal: 'SIGWAT' }),
      400,
      'Invalid signal: SIGWAT',
    );
    await at().remove(id);
  });

  test('pause, and what a paused container refuses', async () => {
    const id = await at().run();
    const { api } = at();
    expect((await api.post(`/containers/${id}/pause`)).status).toBe(204);
    expect(await state(id)).toMatchObject({ Status: 'paused', Running: true, Paused: true });
    expectRefusal(await api.post(`/containers/${id}/pause`), 409, `Container ${id} is already paused`);
    expectRefusal(
      await api.post(`/containers/${id}/start`),
      409,
      'cannot start a paused container, try unpause instead',
    );
    expectRefusal(
      await api.post(`/containers/${id}/exec`, { Cmd: ['true'] }),
      409,
      `Container ${id} is paused, unpause the container before exec`,
    );
    expectRefusal(
      await api.delete(`/containers/${id}`),
      409,
      `You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal or force remove`,
    );
    expect((await api.post(`/containers/${id}/unpause`)).status).toBe(204);
    await eventually('it runs again', async () => (await state(id)).Status === 'running');
    await at().remove(id);
  });

  test('unpause of what is not paused, pause of what does not run', async () => {
    const id = await at().create();
    expectRefusal(await at().api.post(`/containers/${id}/pause`), 409, `Container ${id} is not running`);
    const status = at().differs('mistakes are 4xx', { docker: 500, native: 409 });
    expectRefusal(await at().api.post(`/containers/${id}/unpause`), status, `Container ${id} is not paused`);
  });

  test('a paused container that is stopped ends', async () => {
    const id = await at().run();
    await at().api.post(`/containers/${id}/pause`);
    expect((await at().api.post(`/containers/${id}/stop`, undefined, { t: 0 })).status).toBe(204);
    expect(await state(id)).toMatchObject({ Status: 'exited', Paused: false });
  });

  test('restart starts anew, and starts what does not run', async () => {
    const id = await at().create();
    expect((await at().api.post(`/containers/${id}/restart`, undefined, { t: 0 })).status).toBe(204);
    const before = await state(id);
    expect((await at().api.post(`/containers/${id}/restart`, undefined, { t: 0 })).status).toBe(204);
    const after = await state(id);
    expect(after.Status).toBe('running');
    expect(after.Pid).not.toBe(before.Pid);
    // The user's restarts are not counted: the policy's are.
    expect(await at().inspect(id)).toHaveProperty('RestartCount', 0);
    await at().remove(id);
  });

  test('rename: a new name answers, the old one is free', async () => {
    const [before, after] = [at().name(), at().name()];
    const id = await at().create({}, before);
    expect((await at().api.post(`/containers/${before}/rename`, undefined, { name: after })).status).toBe(204);
    expect(await at().inspect(after)).toMatchObject({ Id: id, Name: `/${after}` });
    expect((await at().api.get(`/containers/${before}/json`)).status).toBe(404);
    await at().create({}, before);
  });

  test('rename refuses a name that is taken, its own, one that is none, and none at all', async () => {
    const [mine, taken] = [at().name(), at().name()];
    const id = await at().create({}, mine);
    const holder = await at().create({}, taken);
    const rename = (name: string) => at().api.post(`/containers/${id}/rename`, undefined, { name });
    expectRefusal(
      await rename(taken),
      409,
      `Error when allocating new name: Conflict. The container name "/${taken}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
    expectRefusal(await rename(mine), 400, 'Renaming a container with the same name as its current name');
    expectRefusal(
      await rename('a b'),
      400,
      /Invalid container name \(\/a b\), only \[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\] are allowed/,
    );
    expectRefusal(await rename(''), 400, /[Nn]either old nor new names may be empty/);
    expect(await at().inspect(id)).toHaveProperty('Name', `/${mine}`);
  });

  test('rename of a running container: its network finds it by the new name', async () => {
    const network = await at().network();
    const [before, after] = [at().name(), at().name()];
    const id = await at().run({ HostConfig: { NetworkMode: network.name } }, before);
    good(await at().api.post(`/containers/${id}/rename`, undefined, { name: after }));
    const other = await at().run({ HostConfig: { NetworkMode: network.name } });
    expect((await at().exec(other, `ping -c1 -W2 ${after}`)).exitCode).toBe(0);
    await at().remove(id, other);
  });

  test('wait answers with the exit code, also of what has ended', async () => {
    const id = await at().finished('exit 7');
    expect(good(await at().api.post(`/containers/${id}/wait`)).json).toMatchObject({ StatusCode: 7 });
  });

  test('wait for the next exit waits for one that is still to come', async () => {
    const id = await at().create({ Cmd: ['sh', '-c', 'exit 5'] });
    const waiting = await at().api.flow('POST', `/containers/${id}/wait`, { query: { condition: 'next-exit' } });
    expect(waiting.status).toBe(200);
    await at().start(id);
    let text = '';
    for await (const chunk of waiting.chunks) text += chunk;
    expect(JSON.parse(text)).toMatchObject({ StatusCode: 5 });
  });

  test('wait for the removal', async () => {
    const id = await at().create({ Cmd: ['sh', '-c', 'exit 6'], HostConfig: { AutoRemove: true } });
    const waiting = at().waitFor(id, 'removed');
    // The wait has begun when its head is here; a second one shows that it does not hold up the start.
    await at().start(id);
    expect(await waiting).toBe(6);
    expect((await at().api.get(`/containers/${id}/json`)).status).toBe(404);
  });

  test('wait refuses a condition that is none', async () => {
    const id = await at().create();
    const answer = await at().api.post(`/containers/${id}/wait`, undefined, { condition: 'wat' });
    if (at().differs('told when made', { docker: 'waits', native: 'refuses' }) === 'waits')
      expect(answer.status).toBe(200);
    else expectRefusal(answer, 400, 'invalid condition: "wat"');
  });

  test('remove of a running container is 409, with force 204', async () => {
    const id = await at().run();
    expectRefusal(
      await at().api.delete(`/containers/${id}`),
      409,
      `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
    );
    expect((await at().api.delete(`/containers/${id}`, { force: 1 })).status).toBe(204);
    expect((await at().api.get(`/containers/${id}/json`)).status).toBe(404);
  });

  test('remove keeps anonymous volumes, and takes them with v', async () => {
    const volumeOf = async (id: string): Promise<string> =>
      ((await at().inspect(id)) as { Mounts: { Name: string }[] }).Mounts[0]?.Name ?? '';
    const [kept, gone] = [await at().create({ Volumes: { '/a': {} } }), await at().create({ Volumes: { '/a': {} } })];
    const [keptVolume, goneVolume] = [await volumeOf(kept), await volumeOf(gone)];
    good(await at().api.delete(`/containers/${kept}`));
    good(await at().api.delete(`/containers/${gone}`, { v: true }));
    expect((await at().api.get(`/volumes/${keptVolume}`)).status).toBe(200);
    expect((await at().api.get(`/volumes/${goneVolume}`)).status).toBe(404);
    good(await at().api.delete(`/volumes/${keptVolume}`));
  });

  test('remove with v keeps volumes that have a name', async () => {
    const volume = await at().volume();
    const id = await at().create({ HostConfig: { Binds: [`${volume}:/a`] } });
    good(await at().api.delete(`/containers/${id}`, { v: true }));
    expect((await at().api.get(`/volumes/${volume}`)).status).toBe(200);
  });

  test('a container that removes itself is gone after its end, with its anonymous volume', async () => {
    const id = await at().create({ Volumes: { '/a': {} }, HostConfig: { AutoRemove: true }, Cmd: ['true'] });
    const { Mounts } = (await at().inspect(id)) as { Mounts: { Name: string }[] };
    const removed = at().waitFor(id, 'removed');
    await at().start(id);
    await removed;
    await eventually(
      'its volume is gone',
      async () => (await at().api.get(`/volumes/${Mounts[0]?.Name}`)).status === 404,
    );
  });

  test('a program that is not there: 400, exit code 127, and an error in the state', async () => {
    const id = await at().create({ Cmd: ['no-such-program'] });
    expectRefusal(
      await at().api.post(`/containers/${id}/start`),
      400,
      /exec: "no-such-program": executable file not found in \$PATH/,
    );
    expect(await state(id)).toMatchObject({
      Status: 'created',
      ExitCode: 127,
      Error: expect.stringContaining('executable file not found'),
    });
  });

  test('a program that may not be run: 400 and exit code 126', async () => {
    const id = await at().create({ Cmd: ['/etc/passwd'] });
    expectRefusal(await at().api.post(`/containers/${id}/start`), 400, /permission denied/);
    expect(await state(id)).toMatchObject({ ExitCode: 126 });
  });

  test('a working folder that is not there is made', async () => {
    const id = await at().finished('pwd', { WorkingDir: '/made/for/it' });
    expect((await at().logs(id)).stdout).toBe('/made/for/it\n');
  });

  test('a user that is not there keeps it from starting', async () => {
    const id = await at().create({ User: 'nobody-of-that-name' });
    const status = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    expectRefusal(
      await at().api.post(`/containers/${id}/start`),
      status,
      'unable to find user nobody-of-that-name: no matching entries in passwd file',
    );
  });

  test('a port that is taken keeps it from starting, and says so', async () => {
    const first = await at().run({
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    });
    const { NetworkSettings } = (await at().inspect(first)) as {
      NetworkSettings: { Ports: Record<string, { HostPort: string }[]> };
    };
    const HostPort = NetworkSettings.Ports['80/tcp']?.[0]?.HostPort ?? '';
    expect(Number(HostPort)).toBeGreaterThan(1024);
    const second = await at().create({
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort }] } },
    });
    expectRefusal(
      await at().api.post(`/containers/${second}/start`),
      500,
      /port is already allocated|address already in use/,
    );
    expect(await state(second)).toMatchObject({ Status: 'created', Pid: 0 });
    await at().remove(first);
    await at().start(second);
    await at().remove(second);
  });

  test('a restart policy starts again and counts', async () => {
    const id = await at().run({
      Cmd: ['false'],
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    });
    await eventually('two restarts', async () => {
      const inspected = (await at().inspect(id)) as State;
      return inspected.RestartCount === 2 && inspected.State.Status === 'exited';
    });
    expect((await state(id)).ExitCode).toBe(1);
  });

  test('update changes limits while it runs, and the policy', async () => {
    const id = await at().run({ HostConfig: { Memory: 67108864, MemorySwap: 67108864 } });
    const answer = good(
      await at().api.post(`/containers/${id}/update`, {
        Memory: 33554432,
        MemorySwap: 33554432,
        CpuShares: 512,
        RestartPolicy: { Name: 'unless-stopped' },
      }),
    );
    expect(answer.json).toHaveProperty('Warnings');
    expect(await at().inspect(id)).toMatchObject({
      HostConfig: { Memory: 33554432, CpuShares: 512, RestartPolicy: { Name: 'unless-stopped' } },
    });
    await at().remove(id);
  });

  test('update takes limits away', async () => {
    const id = await at().run({ HostConfig: { PidsLimit: 32, CpuQuota: 20_000 } });
    const update = (body: object, version = '1.41') => at().api.post(`/containers/${id}/update`, body, {}, { version });
    const shown = async () => ((await at().inspect(id)) as { HostConfig: object }).HostConfig;
    good(await update({ PidsLimit: 16 }, '1.39'));
    expect(await shown()).toMatchObject({ PidsLimit: 32, CpuQuota: 20_000 });
    good(await update({ PidsLimit: -1, CpuQuota: -1 }));
    expect(await shown()).toMatchObject({ PidsLimit: 0, CpuQuota: -1 });
    const limits = 'cd /sys/fs/cgroup; cat pids/pids.max cpu/cpu.cfs_quota_us || cat pids.max; cut -d" " -f1 cpu.max';
    const { stdout } = await at().exec(id, `(${limits}) 2>/dev/null`);
    expect(stdout.trim().split('\n')).toEqual(['max', expect.stringMatching(/^(-1|max)$/)]);
    await at().remove(id);
  });

  test('update refuses what create refuses', async () => {
    const id = await at().create();
    const update = (body: object) => at().api.post(`/containers/${id}/update`, body);
    expectRefusal(await update({ Memory: 1024 }), 400, 'Minimum memory limit allowed is 6MB');
    expectRefusal(await update({ RestartPolicy: { Name: 'sometimes' } }), 400, /invalid restart policy '?sometimes'?/);
    expectRefusal(await update({ CpusetCpus: '999' }), 400, /^Requested CPUs are not available/);
  });

  test('update refuses a policy for what removes itself', async () => {
    const id = await at().create({ HostConfig: { AutoRemove: true } });
    expectRefusal(
      await at().api.post(`/containers/${id}/update`, { RestartPolicy: { Name: 'always' } }),
      409,
      /Restart policy cannot be updated because AutoRemove is enabled for the container/,
    );
  });

  test('prune removes what has stopped and fits the filters, and tells which', async () => {
    const [stopped, other] = [
      await at().create({ Labels: { 'prune.me': at().prefix } }),
      await at().create({ Labels: { 'prune.me': at().prefix, keep: '1' } }),
    ];
    const running = await at().run({ Labels: { 'prune.me': at().prefix } });
    const filters = filtersOf({ label: [`prune.me=${at().prefix}`], 'label!': ['keep=1'] });
    expect(good(await at().api.post('/containers/prune', undefined, { filters })).json).toEqual({
      ContainersDeleted: [stopped],
      SpaceReclaimed: expect.any(Number),
    });
    expect((await at().api.get(`/containers/${other}/json`)).status).toBe(200);
    expect((await state(running)).Status).toBe('running');
    await at().remove(running);
  });

  test('prune counts what containers had written, and heeds until', async () => {
    const id = await at().finished('head -c 500000 /dev/zero > /f', { Labels: { 'prune.size': at().prefix } });
    const label = [`prune.size=${at().prefix}`];
    const none = await at().api.post('/containers/prune', undefined, { filters: filtersOf({ label, until: ['1h'] }) });
    expect(good(none).json).toMatchObject({ ContainersDeleted: null });
    // `until` counts in seconds, and the container may have been made in this one.
    const some = await eventually('the container is old enough', async () => {
      const { json } = await at().api.post('/containers/prune', undefined, {
        filters: filtersOf({ label, until: ['0s'] }),
      });
      const told = json as { ContainersDeleted: readonly string[] | null; SpaceReclaimed: number };
      return told.ContainersDeleted === null ? undefined : told;
    });
    expect(some.ContainersDeleted).toEqual([id]);
    expect(some.SpaceReclaimed).toBeGreaterThanOrEqual(500_000);
  });

  test('prune refuses a filter that it does not know', async () => {
    expectRefusal(
      await at().api.post('/containers/prune', undefined, { filters: filtersOf({ wat: ['1'] }) }),
      400,
      /[Ii]nvalid filter '?wat'?/,
    );
  });

  test('health: starting, healthy, unhealthy, with a log of probes', async () => {
    const Healthcheck = {
      Test: ['CMD-SHELL', 'test -f /ok && echo fine'],
      Interval: 200_000_000,
      Timeout: 2_000_000_000,
      Retries: 2,
    };
    const id = await at().run({ Healthcheck, Cmd: ['sh', '-c', 'touch /ok; sleep 600'] });
    const is = (status: string) => eventually(status, async () => (await state(id)).Health?.Status === status);
    await is('healthy');
    const { Health } = await state(id);
    expect(Health?.FailingStreak).toBe(0);
    expect(Health?.Log.at(-1)).toMatchObject({
      ExitCode: 0,
      Output: 'fine\n',
      Start: expect.any(String),
      End: expect.any(String),
    });
    expect((await at().exec(id, 'rm /ok')).exitCode).toBe(0);
    await is('unhealthy');
    const failing = (await state(id)).Health;
    expect(failing?.FailingStreak).toBeGreaterThanOrEqual(2);
    expect(failing?.Log.at(-1)).toMatchObject({ ExitCode: 1 });
    await at().remove(id);
  });

  test('a health check that is switched off is not there', async () => {
    const id = await at().run({ Healthcheck: { Test: ['NONE'] } });
    expect(await at().inspect(id)).not.toHaveProperty('State.Health');
    await at().remove(id);
  });

  test('its own stop signal ends a container for good, others are obeyed and forgotten', async () => {
    const restarts = { HostConfig: { RestartPolicy: { Name: 'always' } } };
    const [ended, back] = [await polite({ ...restarts, StopSignal: 'USR1' }), await polite(restarts)];
    good(await at().api.post(`/containers/${ended}/kill`, undefined, { signal: 'USR1' }));
    await eventually('it has ended', async () => (await state(ended)).Status === 'exited');
    expect((await state(ended)).ExitCode).toBe(4);
    const other = at().differs('signals and restarts', { docker: false, native: true });
    good(await at().api.post(`/containers/${back}/kill`, undefined, { signal: 'USR1' }));
    await eventually('its end is seen', async () => {
      const { RestartCount, State } = (await at().inspect(back)) as State;
      return other ? RestartCount === 1 && State.Status === 'running' : State.Status === 'exited';
    });
    await at().remove(ended, back);
  });

  test('what ran out of memory says so', async () => {
    const id = await at().finished('tail /dev/zero', { HostConfig: { Memory: 16777216, MemorySwap: 16777216 } });
    expect(await state(id)).toMatchObject({ ExitCode: 137, OOMKilled: true });
  });
}
