// What every check of the conformance suite stands on: an engine, names of its own, and containers that are gone afterwards.
import { randomBytes } from 'node:crypto';
import type { Attachment, CreateContainer, Engine, ExecRequest, LogOptions } from '../../src/engine/engine.ts';
import type { Service } from '../../src/model.ts';
import { LABEL } from '../../src/names.ts';
import { createRequest } from '../support/create-request.ts';

/** The image that every check uses: it has a shell. */
export const IMAGE = 'busybox:latest';

export interface EngineUnderTest {
  readonly name: string;
  /** What every container needs here: an engine may ask for limits that the machine does not allow. */
  readonly defaults?: Partial<Service>;
  /** A new connection. The image busybox:latest is there. */
  connect(options?: { readonly configDirectory?: string }): Promise<Engine>;
}

/** The bench, once the engine is connected. */
export type At = () => Bench;

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** An engine with a project of its own, which `clear` removes. */
export class Bench {
  readonly engine: Engine;
  readonly project = `wlt-engine-${randomBytes(4).toString('hex')}`;
  readonly #networks: string[] = [];
  readonly #volumes: string[] = [];
  readonly #images: string[] = [];
  readonly #subject: EngineUnderTest;
  #count = 0;

  constructor(engine: Engine, subject: EngineUnderTest) {
    this.engine = engine;
    this.#subject = subject;
  }

  /** A bench on the same engine with a project of its own; the caller clears it. */
  another(): Bench {
    return new Bench(this.engine, this.#subject);
  }

  /** A further connection; the caller closes it. */
  connect(options: { readonly configDirectory: string }): Promise<Engine> {
    return this.#subject.connect(options);
  }

  get labels(): Readonly<Record<string, string>> {
    return { [LABEL.project]: this.project };
  }

  name(kind = 'c'): string {
    this.#count += 1;
    return `${this.project}-${kind}${this.#count}`;
  }

  imageName(host = ''): string {
    const name = `${host === '' ? '' : `${host}/`}${this.name('i')}`;
    this.#images.push(name);
    return name;
  }

  /** A container that idles until it is stopped, quickly, unless the service says otherwise. */
  async create(
    service: Partial<Service> = {},
    request: Partial<Omit<CreateContainer, 'service'>> = {},
  ): Promise<string> {
    const idle = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'];
    return await this.engine.createContainer(
      createRequest(
        { command: idle, stop_grace_period: '1s', ...this.#subject.defaults, ...service },
        { name: this.name(), image: IMAGE, labels: this.labels, ...request },
      ),
    );
  }

  async run(service: Partial<Service> = {}, request: Partial<Omit<CreateContainer, 'service'>> = {}): Promise<string> {
    const id = await this.create(service, request);
    await this.engine.startContainer(id);
    return id;
  }

  /** Runs a shell text in a container of its own to its end. */
  async outputOf(
    script: string,
    service: Partial<Service> = {},
    request: Partial<Omit<CreateContainer, 'service'>> = {},
  ): Promise<Output> {
    const id = await this.run({ command: ['sh', '-c', script], ...service }, request);
    const exitCode = await this.engine.waitContainer(id);
    return { ...(await this.logs(id)), exitCode };
  }

  async logs(id: string, options: Partial<LogOptions> = {}): Promise<{ stdout: string; stderr: string }> {
    const text = { stdout: '', stderr: '' };
    for await (const { stream, data } of this.engine.logs(id, {
      follow: false,
      tail: 'all',
      timestamps: false,
      ...options,
    }))
      text[stream] += Buffer.from(data).toString();
    return text;
  }

  async exec(id: string, script: string, more: Partial<ExecRequest> = {}, input?: string): Promise<Output> {
    const request = {
      command: ['sh', '-c', script],
      tty: false,
      attachStdin: input !== undefined,
      attachOutput: true,
      ...more,
    };
    const exec = await this.engine.createExec(id, request);
    const streams = await exec.start({ detach: false, tty: request.tty });
    if (streams === undefined) throw new Error('an attached exec has streams');
    streams.stdin.end(input);
    const [out, err] = await Promise.all([streams.stdout.toArray(), streams.stderr.toArray()]);
    return {
      stdout: Buffer.concat(out).toString(),
      stderr: Buffer.concat(err).toString(),
      exitCode: await exec.exitCode(),
    };
  }

  async network(more: Partial<Parameters<Engine['createNetwork']>[0]> = {}): Promise<{ id: string; name: string }> {
    const name = this.name('n');
    this.#networks.push(name);
    return { name, id: await this.engine.createNetwork({ name, ...more }, this.labels) };
  }

  async volume(): Promise<string> {
    const name = this.name('v');
    this.#volumes.push(name);
    await this.engine.createVolume({ name }, this.labels);
    return name;
  }

  attachment(
    network: { readonly name: string },
    aliases: readonly string[] = [],
    settings: Attachment['settings'] = {},
  ): Attachment {
    return { network: network.name, settings, aliases };
  }

  async clear(): Promise<void> {
    const { containers } = await this.engine.observe(this.project);
    await Promise.all(containers.map(({ id }) => this.engine.removeContainer(id, { force: true, volumes: true })));
    await Promise.all(this.#networks.map((name) => this.engine.removeNetwork(name)));
    await Promise.all(this.#volumes.map((name) => this.engine.removeVolume(name)));
    for (const image of this.#images) {
      await this.engine.removeImage(image, { force: true });
      // What was pulled by digest, or tagged with a version, is a name of the common image.
      const common = await this.engine.findImage(IMAGE);
      const names = [...(common?.tags ?? []), ...(common?.digests ?? [])];
      for (const name of names.filter((one) => one.startsWith(`${image}:`) || one.startsWith(`${image}@`)))
        await this.engine.removeImage(name, { force: true });
    }
  }
}
