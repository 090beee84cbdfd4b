// `/containers/{id}/exec` and `/exec/…`.
import { beforeAll, expect, test } from 'vitest';
import { demultiplexed } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type At, expectRefusal, good, idOf } from './bench.ts';

export function execs(at: At): void {
  let id = '';
  beforeAll(async () => {
    id = await at().run({ Env: ['OWN=1'], WorkingDir: '/etc', HostConfig: { PidsLimit: 200 } });
  });
  const make = async (body: object): Promise<string> => idOf(good(await at().api.post(`/containers/${id}/exec`, body)));
  const inspect = async (exec: string): Promise<Record<string, unknown>> =>
    good(await at().api.get(`/exec/${exec}/json`)).json as Record<string, unknown>;

  test('create is 201 with an id of 64 digits', async () => {
    const answer = await at().api.post(`/containers/${id}/exec`, { Cmd: ['true'] });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ Id: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
  test('create without a command is refused', async () => {
    expectRefusal(await at().api.post(`/containers/${id}/exec`, {}), 400, 'No exec command specified');
    expectRefusal(await at().api.post(`/containers/${id}/exec`, { Cmd: [] }), 400, 'No exec command specified');
  });
  test('create with keys to detach that cannot be read is refused', async () => {
    expectRefusal(
      await at().api.post(`/containers/${id}/exec`, { Cmd: ['true'], DetachKeys: 'ctrl-' }),
      at().differs('mistakes are 4xx', { docker: 500, native: 400 }),
      /^Invalid (escape|detach) keys \(ctrl-\) provided$/,
    );
  });
  test('create in what does not run is 409', async () => {
    const stopped = await at().create();
    expectRefusal(await at().api.post(`/containers/${stopped}/exec`, {}), 400, 'No exec command specified');
    expectRefusal(
      await at().api.post(`/containers/${stopped}/exec`, { Cmd: ['true'] }),
      409,
      `Container ${stopped} is not running`,
    );
  });
  test('both streams and the exit code', async () => {
    expect(await at().exec(id, 'echo out; echo err >&2; exit 3')).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
    });
  });
  test('input arrives where the body of the request came behind its head, in pieces', async () => {
    const exec = await make({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
    const raw = await at().api.raw(`/exec/${exec}/start`, { body: { Detach: false, Tty: false }, inPieces: true });
    raw.socket.end('typed\n');
    expect(demultiplexed(await raw.rest()).stdout).toBe('typed\n');
  });
  test('only the streams that were asked for', async () => {
    expect(await at().exec(id, 'echo out; echo err >&2', { AttachStderr: false })).toMatchObject({
      stdout: 'out\n',
      stderr: '',
    });
  });
  test('the container’s environment, folder and user, and its own', async () => {
    expect((await at().exec(id, 'echo $OWN $MORE; pwd; id -u', { Env: ['MORE=2'] })).stdout).toBe('1 2\n/etc\n0\n');
    expect((await at().exec(id, 'pwd; id -u; id -g', { WorkingDir: '/tmp', User: '7:8' })).stdout).toBe('/tmp\n7\n8\n');
    expect((await at().exec(id, 'id -un; echo $HOME', { User: 'nobody' })).stdout).toMatch(/^nobody\n\/\S*\n$/);
  });
  test('inspect before, while and after', async () => {
    const exec = await make({
      Cmd: ['sh', '-c', 'while [ ! -f /tmp/done ]; do sleep 0.05; done; exit 4'],
      AttachStdout: true,
    });
    expect(await inspect(exec)).toMatchObject({
      ID: exec,
      Running: false,
      ExitCode: null,
      OpenStdin: false,
      OpenStdout: true,
      OpenStderr: false,
      CanRemove: false,
      ContainerID: id,
      Pid: 0,
      ProcessConfig: { tty: false, entrypoint: 'sh', arguments: ['-c', expect.any(String)], privileged: false },
    });
    good(await at().api.post(`/exec/${exec}/start`, { Detach: true }));
    await eventually('it runs', async () => Number((await inspect(exec)).Pid) > 0);
    expect(await inspect(exec)).toMatchObject({ Running: true, ExitCode: null });
    await at().exec(id, 'touch /tmp/done');
    await eventually('it has ended', async () => (await inspect(exec)).Running === false);
    expect(await inspect(exec)).toMatchObject({ ExitCode: 4 });
  });
  test('start twice is 409', async () => {
    const exec = await make({ Cmd: ['true'], AttachStdout: true });
    good(await at().api.post(`/exec/${exec}/start`, {}));
    expectRefusal(
      await at().api.post(`/exec/${exec}/start`, { Detach: true }),
      409,
      /Exec command .* (has already run|is already running)|has already run/,
    );
  });
  test('an exec that is not there is 404', async () => {
    expectRefusal(await at().api.post('/exec/wlt-none/start', {}), 404, 'No such exec instance: wlt-none');
    expectRefusal(await at().api.get('/exec/wlt-none/json'), 404, 'No such exec instance: wlt-none');
  });
  test('detached: the answer comes at once', async () => {
    const exec = await make({ Cmd: ['sleep', '600'] });
    const answer = await at().api.post(`/exec/${exec}/start`, { Detach: true });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(await inspect(exec)).toMatchObject({ Running: true });
  });
  test('input over the connection, and its end', async () => {
    const exec = await make({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
    const raw = await at().api.raw(`/exec/${exec}/start`, { body: {} });
    expect([raw.status, raw.headers['content-type']]).toEqual([101, 'application/vnd.docker.raw-stream']);
    raw.socket.write('a\n');
    await raw.until('a');
    raw.socket.end('b\n');
    expect(demultiplexed(await raw.rest()).stdout).toBe('a\nb\n');
    await eventually('it has ended', async () => (await inspect(exec)).ExitCode === 0);
  });
  test('with a terminal: raw bytes, its size, its keys', async () => {
    const exec = await make({ Cmd: ['sh'], AttachStdin: true, AttachStdout: true, Tty: true });
    const raw = await at().api.raw(`/exec/${exec}/start`, { body: { Tty: true } });
    raw.socket.write('echo rea""dy\n');
    await raw.until('ready');
    good(await at().api.post(`/exec/${exec}/resize`, undefined, { h: 21, w: 43 }));
    await eventually('the terminal has its size', async () => {
      raw.socket.write('stty size\n');
      return (await raw.until('stty')).includes('21 43');
    });
    raw.socket.write('exit 5\n');
    await raw.rest();
    await eventually('it has ended', async () => (await inspect(exec)).ExitCode === 5);
  });
  test('a terminal has TERM set', async () => {
    const exec = await make({ Cmd: ['sh', '-c', 'echo $TERM'], AttachStdout: true, Tty: true });
    const { text } = good(await at().api.post(`/exec/${exec}/start`, { Tty: true }));
    expect(text).toBe('xterm\r\n');
  });
  test('a program that is not there is told', async () => {
    const exec = await make({ Cmd: ['no-such-program'], AttachStdout: true, AttachStderr: true });
    const answer = await at().api.post(`/exec/${exec}/start`, {});
    expect(answer.text).toContain('executable file not found');
    const status = at().differs('status of a missing program', { docker: 126, native: 127 });
    expect(await inspect(exec)).toHaveProperty('ExitCode', status);
  });
  test('a body that is no JSON is told before the container is looked for', async () => {
    for (const path of ['/containers/wlt-none/exec', '/exec/wlt-none/start']) {
      const broken = await at().api.post(path, '{invalid', {}, { headers: { 'Content-Type': 'application/json' } });
      expectRefusal(broken, 400, /invalid character 'i' looking for beginning of object key string/);
      const plain = await at().api.post(path, '{}', {}, { headers: { 'Content-Type': 'text/plain' } });
      expectRefusal(plain, 400, /Content-Type .*text\/plain.* must be 'application\/json'/);
    }
  });
  test('output is framed as the start asks for it, whatever the process has', async () => {
    const exec = await make({ Cmd: ['echo', 'framed'], AttachStdout: true, Tty: true });
    const { body } = good(await at().api.post(`/exec/${exec}/start`, {}));
    expect(demultiplexed(body).stdout).toBe('framed\r\n');
  });
  test('a user that is not there is told', async () => {
    const exec = await make({ Cmd: ['true'], User: 'wlt-none', AttachStdout: true });
    const answer = await at().api.post(`/exec/${exec}/start`, {});
    expect(answer.text).toContain('unable to find user wlt-none');
    // A client that asks for a connection shows what comes on it, not what the refusal says.
    const attached = await make({ Cmd: ['true'], User: 'wlt-none', AttachStdout: true });
    const raw = await at().api.raw(`/exec/${attached}/start`, { body: {} });
    expect(raw.status).toBe(101);
    expect((await raw.rest()).toString()).toContain('unable to find user wlt-none: no matching entries in passwd file');
    expect(await inspect(attached)).toHaveProperty('ExitCode', 126);
  });
  test('much output comes through whole', async () => {
    expect((await at().exec(id, 'head -c 3000000 /dev/zero | tr "\\0" y')).stdout).toHaveLength(3_000_000);
  });
  test('several at once', async () => {
    const results = await Promise.all([1, 2, 3, 4, 5].map((n) => at().exec(id, `echo ${n}; exit ${n}`)));
    expect(results.map(({ stdout, exitCode }) => [stdout.trim(), exitCode])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [String(n), n]),
    );
  });
  test('the end of the container is the end of its execs', async () => {
    const other = await at().run();
    const exec = idOf(
      good(await at().api.post(`/containers/${other}/exec`, { Cmd: ['sleep', '600'], AttachStdout: true })),
    );
    const raw = await at().api.raw(`/exec/${exec}/start`, { body: {} });
    await eventually('it runs', async () => Number((await inspect(exec)).Pid) > 0);
    await at().api.post(`/containers/${other}/kill`);
    await raw.rest();
    await at().remove(other);
    expectRefusal(await at().api.get(`/exec/${exec}/json`), 404, /No such exec instance|No such container/);
  });
}
