// `GET /containers/{id}/logs`, with and without a terminal.
import { beforeAll, expect, test } from 'vitest';
import { type Asked, demultiplexed } from '../support/api-client.ts';
import { type At, expectRefusal, good } from './bench.ts';

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`;
const BOTH = { stdout: 1, stderr: 1 };

export function logs(at: At): void {
  let id = '';
  let terminal = '';
  beforeAll(async () => {
    id = await at().finished(
      'echo one; sleep 0.1; echo err >&2; sleep 0.1; echo two; sleep 1.2; echo three; printf end',
    );
    terminal = await at().finished('echo out; echo err >&2', { Tty: true });
  });
  const read = async (query: Asked['query'] = {}): Promise<{ stdout: string; stderr: string }> =>
    demultiplexed(good(await at().api.get(`/containers/${id}/logs`, { ...BOTH, ...query })).body);

  test('both streams, framed', async () => {
    expect(await read()).toEqual({ stdout: 'one\ntwo\nthree\nend', stderr: 'err\n' });
  });
  test('standard output alone', async () => {
    expect(await read({ stderr: 0 })).toEqual({ stdout: 'one\ntwo\nthree\nend', stderr: '' });
  });
  test('standard error alone', async () => {
    expect(await read({ stdout: 'false' })).toEqual({ stdout: '', stderr: 'err\n' });
  });
  test('one of the streams has to be chosen', async () => {
    expectRefusal(
      await at().api.get(`/containers/${id}/logs`),
      400,
      'Bad parameters: you must choose at least one stream',
    );
  });
  test('tail counts lines of both', async () => {
    expect(await read({ tail: 2 })).toEqual({ stdout: 'three\nend', stderr: '' });
    expect(await read({ tail: 4 })).toEqual({ stdout: 'two\nthree\nend', stderr: 'err\n' });
  });
  test('tail 0 is nothing, all is all', async () => {
    expect(await read({ tail: 0 })).toEqual({ stdout: '', stderr: '' });
    expect((await read({ tail: 'all' })).stderr).toBe('err\n');
    expect((await read({ tail: 1000 })).stderr).toBe('err\n');
  });
  test('timestamps stand before each line', async () => {
    const { stdout, stderr } = await read({ timestamps: 1 });
    expect(stdout).toMatch(new RegExp(`^${TIME} one\n${TIME} two\n${TIME} three\n${TIME} end$`));
    expect(stderr).toMatch(new RegExp(`^${TIME} err\n$`));
  });
  test('since and until, in seconds with fractions', async () => {
    const { stdout } = await read({ timestamps: 1 });
    const times = stdout.split('\n').map((line) => Date.parse(line.split(' ')[0] ?? '') / 1000);
    const [, two = 0, three = 0] = times;
    const between = ((two + three) / 2).toFixed(3);
    expect(await read({ since: between })).toEqual({ stdout: 'three\nend', stderr: '' });
    expect(await read({ until: between })).toEqual({ stdout: 'one\ntwo\n', stderr: 'err\n' });
    expect(await read({ since: between, until: between })).toEqual({ stdout: '', stderr: '' });
  });
  test('since with tail', async () => {
    expect(await read({ since: 1, tail: 1 })).toEqual({ stdout: 'end', stderr: '' });
  });
  test('since that is no time is refused', async () => {
    const answer = await at().api.get(`/containers/${id}/logs`, { ...BOTH, since: 'yesterday' });
    expectRefusal(answer, at().differs('mistakes are 4xx', { docker: 500, native: 400 }), /yesterday/);
  });
  test('following what has ended ends', async () => {
    expect((await read({ follow: 1 })).stdout).toBe('one\ntwo\nthree\nend');
  });
  test('following goes on until the end', async () => {
    const running = await at().run({
      Cmd: ['sh', '-c', 'echo first; while [ ! -f /go ]; do sleep 0.05; done; echo last'],
    });
    const flowing = await at().api.flow('GET', `/containers/${running}/logs`, { query: { ...BOTH, follow: 1 } });
    expect(flowing.status).toBe(200);
    const chunks: Buffer[] = [];
    for await (const chunk of flowing.chunks) {
      if (chunks.length === 0) await at().exec(running, 'touch /go');
      chunks.push(chunk);
    }
    expect(demultiplexed(Buffer.concat(chunks)).stdout).toBe('first\nlast\n');
  });
  test('following with tail 0 tells what comes', async () => {
    const running = await at().run({
      Cmd: ['sh', '-c', 'echo first; while [ ! -f /go ]; do sleep 0.05; done; echo last'],
    });
    await at().exec(running, 'sleep 0.1');
    const flowing = await at().api.flow('GET', `/containers/${running}/logs`, {
      query: { ...BOTH, follow: 1, tail: 0 },
    });
    await at().exec(running, 'touch /go');
    const chunks: Buffer[] = [];
    for await (const chunk of flowing.chunks) chunks.push(chunk);
    expect(demultiplexed(Buffer.concat(chunks)).stdout).toBe('last\n');
  });
  test('with a terminal: raw, one stream', async () => {
    const answer = good(await at().api.get(`/containers/${terminal}/logs`, BOTH));
    expect(answer.text).toBe('out\r\nerr\r\n');
  });
  test('with a terminal: timestamps and tail', async () => {
    const { text } = good(await at().api.get(`/containers/${terminal}/logs`, { ...BOTH, timestamps: 1, tail: 1 }));
    expect(text).toMatch(new RegExp(`^${TIME} err\r\n$`));
  });
  test('with a terminal: everything is standard output', async () => {
    expect(good(await at().api.get(`/containers/${terminal}/logs`, { stdout: 1 })).text).toBe('out\r\nerr\r\n');
  });
  test('lines longer than a block come back whole', async () => {
    const long = await at().finished('head -c 40000 /dev/zero | tr "\\0" x; echo; echo after');
    expect((await at().logs(long)).stdout).toBe(`${'x'.repeat(40_000)}\nafter\n`);
    expect((await at().logs(long, { tail: 1 })).stdout).toBe('after\n');
  });
  test('a container that never ran has none', async () => {
    expect(good(await at().api.get(`/containers/${await at().create()}/logs`, BOTH)).body).toHaveLength(0);
  });
  test('a second run adds to the first one’s', async () => {
    const twice = await at().finished('echo again');
    await at().start(twice);
    await at().waitFor(twice);
    expect((await at().logs(twice)).stdout).toBe('again\nagain\n');
  });
  test('bytes that are no text come back as they are', async () => {
    const bytes = await at().finished("printf '\\377\\376\\001\\200\\n'");
    const { body } = good(await at().api.get(`/containers/${bytes}/logs`, { stdout: 1 }));
    const odd = Buffer.from([255, 254, 1, 128, 10]);
    const kept = at().differs('bytes in logs', { docker: Buffer.from(odd.toString()), native: odd });
    expect(body.subarray(8)).toEqual(kept);
  });
  test('the driver "none" keeps nothing to read', async () => {
    const none = await at().finished('echo gone', { HostConfig: { LogConfig: { Type: 'none' } } });
    const answer = await at().api.get(`/containers/${none}/logs`, BOTH);
    expectRefusal(answer, 501, /configured logging driver does not support reading/);
  });
}
