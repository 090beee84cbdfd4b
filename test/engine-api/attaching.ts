// Attaching to a container: hijacked connections, websockets, terminals.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { demultiplexed, type Raw } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type At, expectRefusal, good } from './bench.ts';

const ALL = { stream: 1, stdin: 1, stdout: 1, stderr: 1 };
const INTERACTIVE = { OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true };

export function attaching(at: At): void {
  const attach = (id: string, query: Readonly<Record<string, string | number>> = ALL): Promise<Raw> =>
    at().api.raw(`/containers/${id}/attach`, { query });

  test('the connection is switched, and carries framed output', async () => {
    const id = await at().create({ Cmd: ['sh', '-c', 'echo out; echo err >&2'] });
    const raw = await attach(id, { stream: 1, stdout: 1, stderr: 1 });
    expect([raw.status, raw.headers['content-type'], raw.headers.upgrade]).toEqual([
      101,
      'application/vnd.docker.raw-stream',
      'tcp',
    ]);
    await at().start(id);
    expect(demultiplexed(await raw.rest())).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  test('input reaches the container, and its end too', async () => {
    const id = await at().create({ ...INTERACTIVE, Cmd: ['cat'] });
    const raw = await attach(id);
    await at().start(id);
    raw.socket.write('hello\n');
    await raw.until('hello');
    raw.socket.end('bye\n');
    expect(demultiplexed(await raw.rest()).stdout).toBe('hello\nbye\n');
    expect(await at().waitFor(id)).toBe(0);
  });

  test('input that ends without a byte before the container starts has ended for it', async () => {
    const id = await at().create({ ...INTERACTIVE, Cmd: ['sh', '-c', 'cat; echo ended'] });
    const raw = await attach(id);
    raw.socket.end();
    // Asked after it, and answered: the engine has seen the end by then.
    await at().inspect(id);
    await at().start(id);
    expect(demultiplexed(await raw.rest()).stdout).toBe('ended\n');
  });

  test('much input comes through whole', async () => {
    const id = await at().create({ ...INTERACTIVE, Cmd: ['wc', '-c'] });
    const raw = await attach(id);
    await at().start(id);
    raw.socket.end(Buffer.alloc(2_000_000, 'x'));
    expect(demultiplexed(await raw.rest()).stdout.trim()).toBe('2000000');
  });

  test('without a request to upgrade the connection is taken over all the same', async () => {
    const id = await at().finished('echo said');
    const answer = await at().api.post(`/containers/${id}/attach`, undefined, { logs: 1, stdout: 1 });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/vnd.docker.raw-stream']);
    expect(demultiplexed(answer.body).stdout).toBe('said\n');
  });

  test('logs first, then the stream', async () => {
    const id = await at().run({
      Cmd: ['sh', '-c', 'echo before; while [ ! -f /go ]; do sleep 0.05; done; echo after'],
    });
    await eventually('the first line', async () => (await at().logs(id)).stdout === 'before\n');
    const raw = await attach(id, { logs: 1, stream: 1, stdout: 1 });
    await raw.until('before');
    await at().exec(id, 'touch /go');
    expect(demultiplexed(await raw.rest()).stdout).toBe('before\nafter\n');
  });

  test('one of the streams', async () => {
    const id = await at().create({ Cmd: ['sh', '-c', 'echo out; echo err >&2'] });
    const raw = await attach(id, { stream: 1, stderr: 1 });
    await at().start(id);
    expect(demultiplexed(await raw.rest())).toEqual({ stdout: '', stderr: 'err\n' });
  });

  test('with a terminal: raw bytes, echo, and the size it is given', async () => {
    const id = await at().create({ ...INTERACTIVE, Tty: true, Cmd: ['sh'] });
    const raw = await attach(id);
    await at().start(id);
    good(await at().api.post(`/containers/${id}/resize`, undefined, { h: 33, w: 77 }));
    await eventually('the terminal has its size', async () => {
      raw.socket.write('stty size\n');
      return (await raw.until('stty')).includes('33 77');
    });
    raw.socket.write('exit 9\n');
    await raw.rest();
    expect(await at().waitFor(id)).toBe(9);
  });

  test('the keys to detach leave the container running', async () => {
    const id = await at().create({ OpenStdin: true, Tty: true, Cmd: ['sh'] });
    await at().start(id);
    const raw = await attach(id);
    raw.socket.write('echo mar""ker\n');
    await raw.until('marker');
    raw.socket.write(Buffer.from([16]));
    raw.socket.write(Buffer.from([17]));
    await raw.rest();
    expect(await at().inspect(id)).toHaveProperty('State.Running', true);
    const other = await attach(id, { ...ALL, detachKeys: 'ctrl-x,x' });
    other.socket.write(Buffer.from([24, 120]));
    await other.rest();
    expect(await at().inspect(id)).toHaveProperty('State.Running', true);
    await at().remove(id);
  });

  test('a terminal goes on without the client it was made for, and has the last of several sizes', async () => {
    const id = await at().create({ ...INTERACTIVE, Tty: true, Cmd: ['sh'] });
    const first = await attach(id);
    await at().start(id);
    await first.until('#');
    first.socket.write(Buffer.from([16, 17]));
    await first.rest();
    const second = await attach(id);
    // As docker attach does: one too large first, so that what runs draws itself anew.
    for (const size of [
      { h: 41, w: 91 },
      { h: 40, w: 90 },
    ])
      good(await at().api.post(`/containers/${id}/resize`, undefined, size));
    await eventually('the terminal has its size', async () => {
      second.socket.write('stty size\n');
      return (await second.until('stty')).includes('40 90');
    });
    second.socket.write('exit 5\n');
    await second.rest();
    expect(await at().waitFor(id)).toBe(5);
  });

  test('two clients see the same', async () => {
    const id = await at().create({ Cmd: ['echo', 'shared'] });
    const [one, two] = [await attach(id), await attach(id)];
    await at().start(id);
    for (const raw of [one, two]) expect(demultiplexed(await raw.rest()).stdout).toBe('shared\n');
  });

  test('a paused container refuses', async () => {
    const id = await at().run();
    good(await at().api.post(`/containers/${id}/pause`));
    const { status, text } = await at().api.post(`/containers/${id}/attach`, undefined, ALL);
    expect([status, text]).toEqual([409, expect.stringMatching(/is paused/i)]);
    await at().remove(id);
  });

  test('keys that are none are refused', async () => {
    const id = await at().create();
    const { status, text } = await at().api.post(`/containers/${id}/attach`, undefined, {
      ...ALL,
      detachKeys: 'ctrl-11',
    });
    expect([status, text]).toEqual([400, expect.stringMatching(/ctrl-11|detach keys/)]);
  });

  test('resize of what does not run is 409, and needs numbers', async () => {
    const id = await at().create({ Tty: true });
    expectRefusal(await at().api.post(`/containers/${id}/resize`, undefined, { h: 10, w: 10 }), 409, /is not running/);
    const answer = await at().api.post(`/containers/${id}/resize`, undefined, { h: 'x', w: 10 });
    expect(answer.status).toBe(400);
    expect((await at().api.post(`/containers/${id}/resize`)).status).toBe(400);
  });

  test('over a websocket: output comes in, input goes out', async () => {
    const id = await at().create({
      OpenStdin: true,
      StdinOnce: true,
      Cmd: ['sh', '-c', 'read line; echo "got $line"'],
    });
    await at().start(id);
    const socket = await openWebSocket(at(), id);
    socket.send('word\n');
    expect(await socket.received('got word')).toContain('got word');
    socket.close();
    expect(await at().waitFor(id)).toBe(0);
  });

  test('over a websocket: a container that is not there is 404', async () => {
    await expect(openWebSocket(at(), 'wlt-none')).rejects.toThrow(/404/);
  });
}

interface WebSocketUnderTest {
  send(text: string): void;
  received(text: string): Promise<string>;
  close(): void;
}

async function openWebSocket(bench: ReturnType<At>, id: string): Promise<WebSocketUnderTest> {
  const key = Buffer.from('windlass test key').toString('base64');
  const raw = await bench.api.raw(`/containers/${id}/attach/ws`, {
    method: 'GET',
    upgrade: 'websocket',
    query: { stream: 1, stdin: 1, stdout: 1, stderr: 1, logs: 1 },
    headers: { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key, Origin: 'http://localhost' },
  });
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  expect([raw.status, raw.headers['sec-websocket-accept']]).toEqual([101, accept]);
  return {
    send: (text) => raw.socket.write(maskedFrame(1, Buffer.from(text))),
    // What an engine writes is short here: its text stands in the frames as it is.
    received: (text) => raw.until(text),
    close: () => raw.socket.end(maskedFrame(8, Buffer.alloc(0))),
  };
}

/** A frame as clients send it: final, masked; up to 125 bytes. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}
