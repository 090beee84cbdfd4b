import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sessionMethods } from '../../../../src/engine/client/build/session.ts';
import { TraceText } from '../../../../src/engine/client/build/trace.ts';
import type { BuildRequest } from '../../../../src/engine/engine.ts';
import { type Methods, serveGrpc } from '../../../../src/grpc-server.ts';
import { decode, encode, textOf } from '../../../../src/protobuf.ts';
import { memoryConnection } from '../../../support/memory-connection.ts';

const request = (more: Partial<BuildRequest> = {}): BuildRequest => ({
  ...{ service: 'web', build: {}, tags: ['t'], labels: {}, args: {}, platforms: [] },
  ...{ noCache: false, pull: false, push: false, quiet: false, secrets: [] },
  ...more,
});

const host = { run: () => Promise.reject(new Error('no helper may run here')) };
const methods = (more: Partial<BuildRequest> = {}, env: Record<string, string> = {}): Methods =>
  sessionMethods(
    { host, env },
    { auths: { 'r:5000': { username: 'u', password: 'p' }, t: { identitytoken: 'tok' } } },
    request(more),
  );

/** Calls a method as the engine does, over HTTP/2 on a connection that is already there. */
async function call(served: Methods, path: string, message: Buffer): Promise<{ status: string; body: Buffer }> {
  const [here, there] = memoryConnection();
  serveGrpc(there, served);
  const session = connectHttp2('http://engine', { createConnection: () => here });
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status = '';
  stream.on('trailers', (trailers) => {
    status = String(trailers['grpc-status']);
  });
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([header, message]));
  const answer = Buffer.concat(await stream.toArray());
  return { status, body: answer.subarray(5) };
}

describe('a build session', () => {
  it('answers that it serves', async () => {
    expect(await call(methods(), '/grpc.health.v1.Health/Check', Buffer.alloc(0))).toEqual({
      status: '0',
      body: Buffer.from([8, 1]),
    });
  });

  it('gives credentials by registry', async () => {
    const credentials = async (registry: string): Promise<string[]> => {
      const { body } = await call(methods(), '/moby.filesync.v1.Auth/Credentials', encode({ 1: registry }));
      return [textOf(decode(body), 1), textOf(decode(body), 2)];
    };
    expect(await credentials('r:5000')).toEqual(['u', 'p']);
    expect(await credentials('t')).toEqual(['', 'tok']);
    expect(await credentials('unknown')).toEqual(['', '']);
  });

  it('gives secrets by id: from a text, a variable or a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-session-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 's'), 'from a file');
    const served = methods(
      {
        secrets: [
          { id: 'text', content: 'from a text' },
          { id: 'variable', environment: 'S' },
          { id: 'file', file: join(folder, 's') },
        ],
      },
      { S: 'from a variable' },
    );
    const secret = async (id: string): Promise<string> => {
      const { status, body } = await call(served, '/moby.buildkit.secrets.v1.Secrets/GetSecret', encode({ 1: id }));
      return status === '0' ? textOf(decode(body), 1) : `status ${status}`;
    };
    expect(await secret('text')).toBe('from a text');
    expect(await secret('variable')).toBe('from a variable');
    expect(await secret('file')).toBe('from a file');
    expect(await secret('other')).toBe('status 5');
  });

  it('offers only what the build was given', async () => {
    expect(Object.keys(methods().unary)).not.toContain('/moby.buildkit.secrets.v1.Secrets/GetSecret');
    expect((await call(methods(), '/moby.sshforward.v1.SSH/CheckAgent', Buffer.alloc(0))).status).toBe('12');
  });

  it('forwards an ssh agent, but no key file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-session-'));
    const socket = join(folder, 'agent.sock');
    const agent = createServer((connection) =>
      connection.on('data', (chunk) => connection.write(`echo ${chunk.toString()}`)),
    );
    await new Promise<void>((resolve) => agent.listen(socket, resolve));
    onTestFinished(() => {
      agent.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const served = methods({ ssh: ['default'] }, { SSH_AUTH_SOCK: socket });
    expect((await call(served, '/moby.sshforward.v1.SSH/CheckAgent', Buffer.alloc(0))).status).toBe('0');
    const { body } = await call(served, '/moby.sshforward.v1.SSH/ForwardAgent', encode({ 1: 'hello' }));
    expect(textOf(decode(body), 1)).toBe('echo hello');
    writeFileSync(join(folder, 'key'), '');
    expect(() => methods({ ssh: [`k=${join(folder, 'key')}`] })).toThrow(
      /build.ssh "k": ".*key" is not the socket of an ssh agent/,
    );
  });
});

describe("BuildKit's progress", () => {
  const time = (seconds: number): Buffer => encode({ 1: seconds });
  const step = (fields: Readonly<Record<number, string | Uint8Array | number>>): Buffer =>
    encode({ 1: encode({ 1: 'sha256:a', 3: 'RUN make', ...fields }) });

  it('becomes numbered lines: begun, printed, done', () => {
    const trace = new TraceText();
    expect(trace.lines(step({}))).toBe('');
    expect(trace.lines(step({ 5: time(100) }))).toBe('#1 RUN make\n');
    expect(trace.lines(encode({ 3: encode({ 1: 'sha256:a', 2: time(101), 4: 'one\ntwo\n' }) }))).toBe(
      '#1 1.000 one\n#1 1.000 two\n',
    );
    expect(trace.lines(step({ 5: time(100), 6: time(103) }))).toBe('#1 DONE 3.0s\n');
    expect(trace.lines(step({ 5: time(100), 6: time(103) }))).toBe('');
  });

  it('tells cached and failed steps', () => {
    expect(new TraceText().lines(step({ 4: 1, 5: time(100), 6: time(100) }))).toBe('#1 RUN make\n#1 CACHED\n');
    expect(new TraceText().lines(step({ 5: time(100), 6: time(101), 7: 'exit code: 2' }))).toBe(
      '#1 RUN make\n#1 ERROR: exit code: 2\n',
    );
  });
});
