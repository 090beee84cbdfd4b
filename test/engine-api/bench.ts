// What the checks of the Docker Engine API stand on: a client, names of their own, and containers that are gone afterwards.
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { type Answer, ApiClient, demultiplexed } from '../support/api-client.ts';
import type { Difference } from './differences.ts';

export const IMAGE = 'busybox:latest';

export type EngineKind = 'docker' | 'native';

export interface ApiSubject {
  readonly kind: EngineKind;
  /** Path of its Unix socket. It has busybox:latest. */
  socket(): string;
}

/** The bench, once the engine answers. */
export type At = () => ApiBench;

type Json = Readonly<Record<string, unknown>>;

export interface CreateBody extends Json {
  readonly HostConfig?: Json;
  readonly NetworkingConfig?: Json;
}

export class ApiBench {
  readonly kind: EngineKind;
  readonly api: ApiClient;
  /** Beginning of all names, and a label's value. */
  readonly prefix = `wlt-api-${randomBytes(4).toString('hex')}`;
  readonly label = { 'windlass.test': this.prefix };
  readonly #made = { volumes: new Set<string>(), networks: new Set<string>(), images: new Set<string>() };
  #count = 0;

  constructor(subject: ApiSubject) {
    this.kind = subject.kind;
    this.api = new ApiClient(subject.socket());
  }

  /** What is right on the engine at hand, where the two differ for a reason that is written down. */
  differs<T>(_why: Difference, right: Readonly<Record<EngineKind, T>>): T {
    return right[this.kind];
  }

  name(kind = 'c'): string {
    this.#count += 1;
    return `${this.prefix}-${kind}${this.#count}`;
  }

  /** A name for an image, which is removed in the end. */
  image(): string {
    const name = this.name('i');
    this.#made.images.add(name);
    return name;
  }

  /** Notes an image that is to be removed in the end. */
  forgetImage(name: string): void {
    this.#made.images.add(name);
  }

  /** A body for `create` that idles until it is killed. */
  body(more: CreateBody = {}): CreateBody {
    const { Labels, ...rest } = more;
    return { Image: IMAGE, Cmd: ['sleep', '600'], Labels: { ...this.label, ...(Labels as Json | undefined) }, ...rest };
  }

  async create(more: CreateBody = {}, name = this.name()): Promise<string> {
    return idOf(good(await this.api.post('/containers/create', this.body(more), { name })));
  }

  async start(id: string): Promise<void> {
    good(await this.api.post(`/containers/${id}/start`));
  }

  async run(more: CreateBody = {}, name?: string): Promise<string> {
    const id = await this.create(more, name);
    await this.start(id);
    return id;
  }

  /** Runs a shell text in a container of its own to its end. */
  async finished(script: string, more: CreateBody = {}): Promise<string> {
    const id = await this.run({ Cmd: ['sh', '-c', script], ...more });
    await this.waitFor(id);
    return id;
  }

  async waitFor(id: string, condition = 'not-running'): Promise<number> {
    const { json } = good(await this.api.post(`/containers/${id}/wait`, undefined, { condition }));
    return (json as { StatusCode: number }).StatusCode;
  }

  async inspect(id: string): Promise<unknown> {
    return good(await this.api.get(`/containers/${id}/json`)).json;
  }

  async logs(
    id: string,
    query: Readonly<Record<string, string | number>> = {},
  ): Promise<{ stdout: string; stderr: string }> {
    const all = { stdout: 1, stderr: 1, ...query };
    return demultiplexed(good(await this.api.get(`/containers/${id}/logs`, all)).body);
  }

  /** What a shell text prints inside a running container, and its exit status. */
  async exec(
    id: string,
    script: string,
    more: Json = {},
  ): Promise<{ stdout: string; stderr: string; exitCode: number }> {
    const request = { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true, ...more };
    const exec = idOf(good(await this.api.post(`/containers/${id}/exec`, request)));
    const { body } = good(await this.api.post(`/exec/${exec}/start`, { Detach: false, Tty: false }));
    const { ExitCode } = good(await this.api.get(`/exec/${exec}/json`)).json as { ExitCode: number };
    return { ...demultiplexed(body), exitCode: ExitCode };
  }

  async remove(...ids: string[]): Promise<void> {
    for (const id of ids) await this.api.delete(`/containers/${id}`, { force: true, v: true });
  }

  async network(more: Json = {}, name = this.name('n')): Promise<{ id: string; name: string }> {
    this.#made.networks.add(name);
    return {
      name,
      id: idOf(good(await this.api.post('/networks/create', { Name: name, Labels: this.label, ...more }))),
    };
  }

  async volume(more: Json = {}, name = this.name('v')): Promise<string> {
    this.#made.volumes.add(name);
    good(await this.api.post('/volumes/create', { Name: name, Labels: this.label, ...more }));
    return name;
  }

  /** Removes whatever carries the bench's names or its label. */
  async clear(): Promise<void> {
    const own = JSON.stringify({ name: [this.prefix] });
    const label = JSON.stringify({ label: [`windlass.test=${this.prefix}`] });
    for (const filters of [own, label]) {
      const { json } = await this.api.get('/containers/json', { all: true, filters });
      await Promise.all((json as { Id: string }[]).map(({ Id }) => this.remove(Id)));
    }
    for (const name of this.#made.networks) await this.api.delete(`/networks/${name}`);
    for (const name of this.#made.volumes) await this.api.delete(`/volumes/${name}`, { force: true });
    for (const name of this.#made.images) await this.api.delete(`/images/${name}`, { force: true });
  }
}

/** The answer, which has to be a success. */
export function good(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`unexpected answer ${answer.status}: ${answer.text}`);
  return answer;
}

export const idOf = (answer: Answer): string => (answer.json as { Id: string }).Id;

/** A refusal with this status whose `message` matches. */
export function expectRefusal(answer: Answer, status: number, message: RegExp | string): void {
  expect({ status: answer.status, message: answer.status < 300 ? answer.text : answer.message }).toEqual({
    status,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
}

export const filtersOf = (filters: Readonly<Record<string, readonly string[]>>): string => JSON.stringify(filters);

/** JSON values one after another in one body, as streams of progress have them. */
export const jsonLines = (text: string): Json[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Json);
