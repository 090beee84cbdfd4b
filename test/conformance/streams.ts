// Logs, attached processes and commands inside containers.
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ProcessStreams } from '../../src/engine/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { At } from './bench.ts';

export function streams(at: At): void {
  describe('logs', () => {
    it('tell standard output and error apart', async () => {
      expect(await at().outputOf('echo out; echo err >&2; exit 3')).toEqual({
        stdout: 'out\n',
        stderr: 'err\n',
        exitCode: 3,
      });
    });

    it('give the last lines, with the time when asked', async () => {
      const id = await at().run({ command: ['sh', '-c', 'for i in 1 2 3 4 5; do echo $i; done'] });
      await at().engine.waitContainer(id);
      expect((await at().logs(id, { tail: '2' })).stdout).toBe('4\n5\n');
      expect((await at().logs(id, { tail: '1', timestamps: true })).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z 5\n$/);
      expect((await at().logs(id, { tail: '0' })).stdout).toBe('');
      expect((await at().logs(id, { since: '2100-01-01T00:00:00Z' })).stdout).toBe('');
    });

    it('follow until the container ends', async () => {
      const id = await at().run({ command: ['sh', '-c', 'echo one; sleep 0.3; echo two'] });
      expect((await at().logs(id, { follow: true })).stdout).toBe('one\ntwo\n');
    });

    it('followed, end with the signal', async () => {
      const controller = new AbortController();
      const id = await at().run({ command: ['sh', '-c', 'echo one; sleep 60'] });
      let text = '';
      for await (const { data } of at().engine.logs(
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
      const id = await at().run({ command: ['sh', '-c', 'echo tty'], tty: true });
      await at().engine.waitContainer(id);
      expect((await at().logs(id)).stdout).toBe('tty\r\n');
    });

    it('are whole, however long', async () => {
      const { stdout } = await at().outputOf('seq 1 200000');
      expect(stdout.length).toBe(1_288_895);
      expect(stdout.endsWith('\n200000\n')).toBe(true);
    });
  });

  describe('attached', () => {
    const text = async (stream: ProcessStreams['stdout']): Promise<string> =>
      Buffer.concat(await stream.toArray()).toString();

    it('input goes in, output and errors come out', async () => {
      const id = await at().create(
        { command: ['sh', '-c', 'cat; echo err >&2'] },
        { openStdin: true, attachStdin: true },
      );
      const streams = await at().engine.attach(id, { stdin: true });
      await at().engine.startContainer(id);
      streams.stdin.end('in and out');
      expect(await Promise.all([text(streams.stdout), text(streams.stderr)])).toEqual(['in and out', 'err\n']);
    });

    it('to a terminal, everything comes raw, and its size can change', async () => {
      const id = await at().create(
        { command: ['sh', '-c', 'read x; stty size; echo "got $x"'] },
        { openStdin: true, attachStdin: true, tty: true },
      );
      const streams = await at().engine.attach(id, { stdin: true });
      await at().engine.startContainer(id);
      await at().engine.resizeContainer(id, 91, 17);
      streams.stdin.write('hello\n');
      const seen = await text(streams.stdout);
      expect(seen).toContain('17 91');
      expect(seen).toContain('got hello');
    });

    it('the signal cuts the connection and leaves the process alone', async () => {
      const controller = new AbortController();
      const id = await at().run();
      const streams = await at().engine.attach(id, { stdin: false }, controller.signal);
      const closed = new Promise((resolve) => streams.stdout.once('close', resolve));
      controller.abort();
      streams.stdout.resume();
      await closed;
      expect((await at().engine.inspectContainer(id)).state).toBe('running');
    });
  });

  describe('exec', () => {
    it('gives output, errors and the exit code', async () => {
      const id = await at().run();
      expect(await at().exec(id, 'echo out; echo err >&2; exit 5')).toEqual({
        stdout: 'out\n',
        stderr: 'err\n',
        exitCode: 5,
      });
    });

    it('has its own user, folder and environment', async () => {
      const id = await at().run();
      const { stdout } = await at().exec(id, 'echo "$(id -u) $PWD $A"', {
        user: '77',
        workingDir: '/tmp',
        environment: ['A=b'],
      });
      expect(stdout).toBe('77 /tmp b\n');
    });

    it('with a terminal is raw, and its size can change', async () => {
      const id = await at().run();
      const exec = await at().engine.createExec(id, {
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
      const id = await at().run();
      const exec = await at().engine.createExec(id, {
        command: ['sh', '-c', 'echo done > /done'],
        tty: false,
        attachStdin: false,
        attachOutput: false,
      });
      expect(await exec.start({ detach: true, tty: false })).toBeUndefined();
      await eventually('the command has written', async () => (await at().engine.statPath(id, '/done')) !== undefined);
    });

    it('carries 32 MiB in and out without loss', async () => {
      const id = await at().run();
      const block = randomBytes(1024 * 1024);
      const exec = await at().engine.createExec(id, {
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
      await expect(at().exec(await at().create(), 'true')).rejects.toMatchObject({ kind: 'conflict' });
      const { exitCode } = await at()
        .exec(await at().run(), '', { command: ['/no/such/program'] })
        .catch(() => ({ exitCode: 127 }));
      expect([126, 127]).toContain(exitCode);
    });
  });
}
