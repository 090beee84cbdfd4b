// ssh:// hosts, as docker does it: the ssh program runs `docker system dial-stdio` on the other side and its
// standard streams are the connection. Keys, agents, jump hosts and known hosts are then ssh's own business.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { AgentOptions } from 'node:http';
import { Duplex } from 'node:stream';
import { HostError } from '../../errors.ts';
import { http } from './builtin.ts';
import type { EngineAddress } from './target.ts';

type SshAddress = Extract<EngineAddress, { type: 'ssh' }>;

/** Arguments of the ssh program for an address; the remote command comes last. */
export function sshArguments(address: SshAddress): string[] {
  return [
    // Batch mode is left to the user's ssh configuration, so that a passphrase can still be asked for.
    ...['-o', 'ConnectTimeout=30', '-T'],
    ...(address.user === '' ? [] : ['-l', address.user]),
    ...(address.port === '' ? [] : ['-p', address.port]),
    '--',
    address.host,
    'docker',
    ...(address.socket === '' ? [] : ['--host', `unix://${address.socket}`]),
    'system',
    'dial-stdio',
  ];
}

/** An agent whose connections are ssh processes, reused as long as the engine keeps them open. */
export class SshAgent extends http().Agent {
  readonly #address: SshAddress;

  constructor(address: SshAddress, options: AgentOptions = {}) {
    // Every connection is a login on the other side: few, and kept.
    super({ keepAlive: true, maxSockets: 8, ...options });
    this.#address = address;
  }

  override createConnection(): Duplex {
    return new ProcessConnection(spawn('ssh', sshArguments(this.#address), { stdio: 'pipe' }), this.#address.host);
  }
}

/** A program's standard streams with the parts of a socket that node:http calls. */
class ProcessConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #complaint = '';

  constructor(child: ChildProcessWithoutNullStreams, host: string) {
    super({ allowHalfOpen: true });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-4096);
    });
    child.stdin.on('error', () => {
      // The exit of the program, with what it said, is the better message.
    });
    child.on('error', (cause) => this.destroy(new HostError(`cannot run "ssh": ${cause.message}`, { cause })));
    child.on('close', (code) => {
      if (code === 0 || this.destroyed) this.push(null);
      else {
        const said = this.#complaint.trim().split('\n').at(-1) ?? '';
        this.destroy(
          new HostError(`ssh to "${host}" ended with status ${code}${said === '' ? '' : `: ${said}`}`, {
            hint: `try it by hand: ssh ${host} docker version`,
          }),
        );
      }
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, (error) => {
      // A program that does not read any more is about to end, and its end tells why.
      if (!error) done();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  /** An idle connection does not keep the process alive. */
  unref(): this {
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr])
      if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
    return this;
  }

  ref(): this {
    this.#child.ref();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr])
      if ('ref' in stream && typeof stream.ref === 'function') stream.ref();
    return this;
  }
}
