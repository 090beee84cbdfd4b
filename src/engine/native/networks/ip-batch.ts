// Changes of interfaces, written as lines for `ip -batch`. Lines of the usual forms go to the kernel at once, without a program;
// the others in few runs of ip(8): what is asked while one run goes on shares the next.
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HostError } from '../../../errors.ts';
import { deleteGroup, groupLink, netlinkOf } from '../../../network/ip-lines.ts';
import { type NativeHost, runChecked } from '../host.ts';
import { Rounds } from '../serial.ts';

interface Request {
  readonly lines: readonly string[];
  resolve(): void;
  reject(error: Error): void;
}

export interface RemovalOptions {
  readonly patient?: boolean;
}

/** Longer than it takes a client to remove a container that has ended, and then its network. */
const PATIENCE_MS = 40;

export class IpBatch {
  readonly #host: NativeHost;
  #waiting: Request[] = [];
  readonly #rounds: Rounds;
  #unwanted: string[] = [];
  readonly #removals: Rounds;

  constructor(host: NativeHost) {
    this.#host = host;
    this.#rounds = new Rounds(() => this.#flush());
    this.#removals = new Rounds(() => this.#removeUnwanted());
  }

  /** Carries out the lines of `text` on the host, in order. Rejects when one of them fails; lines of others are not affected. */
  async run(text: string): Promise<void> {
    const lines = linesOf(text);
    if (await this.#tell(lines)) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      void this.#rounds.request();
    });
  }

  /** Carries out the lines of `text` in the network namespace that the file `netns` holds. */
  async runInside(netns: string, text: string): Promise<void> {
    if (await this.#tell(linesOf(text), netns)) return;
    await runChecked(this.#host, 'nsenter', [`--net=${netns}`, 'ip', '-batch', '-'], text);
  }

  /**
   * Deletes interfaces of the host; those that are gone are no failure. `patient` where nobody waits: then they go along with
   * those that somebody does wait for, or a moment later, when the kernel has deleted most of them with their namespaces.
   */
  async remove(names: readonly string[], { patient = false }: RemovalOptions = {}): Promise<void> {
    if (names.length === 0) return;
    this.#unwanted.push(...names);
    if (patient) await delay(PATIENCE_MS);
    await this.#removals.request();
  }

  /** Resolves when all that is unwanted is gone. */
  removed(): Promise<void> {
    return this.#removals.request();
  }

  /** False when a line is of a form that only ip(8) knows; then nothing has been done. */
  async #tell(lines: readonly string[], netns?: string): Promise<boolean> {
    const messages = lines.flatMap((line) => netlinkOf(line) ?? []);
    if (messages.length < lines.length) return false;
    const { done, failure } = await this.#host.kernel.changeLinks(messages, netns);
    if (failure !== undefined) throw new HostError(`"ip ${lines[done]}" failed: ${failure}`);
    return true;
  }

  async #removeUnwanted(): Promise<void> {
    const names = await this.#host.kernel.existingLinks(this.#unwanted.splice(0));
    if (names.length === 0) return;
    const group = randomInt(0x1000_0000, 0x7fff_ffff);
    // A namespace that vanishes takes its interfaces along at any moment: each is put into the group by itself.
    await Promise.all(names.map((name) => this.#host.kernel.changeLinks([groupLink(name, group)])));
    const { failure } = await this.#host.kernel.changeLinks([deleteGroup(group)]);
    const left = failure === undefined ? [] : await this.#host.kernel.existingLinks(names);
    if (left.length > 0) throw new HostError(`cannot delete the interfaces ${left.join(', ')}: ${failure}`);
  }

  async #flush(): Promise<void> {
    const requests = this.#waiting;
    this.#waiting = [];
    if (requests.length === 0) return;
    try {
      const input = requests.flatMap((request) => request.lines).join('\n');
      // -force: goes on after a failed line, so that one failure is one request's.
      const { stderr } = await this.#host.run('ip', ['-force', '-batch', '-'], { input: `${input}\n` });
      settle(requests, stderr);
    } catch (error) {
      for (const request of requests) request.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** ip(8) writes the reason and then `Command failed -:<line>`. */
function settle(requests: readonly Request[], stderr: string): void {
  const failures = new Map<number, string>();
  let reason: string[] = [];
  for (const line of stderr.split('\n')) {
    const failed = /^Command failed -:(\d+)/.exec(line);
    if (!failed) {
      if (line.trim() !== '') reason.push(line.trim());
      continue;
    }
    failures.set(Number(failed[1]), reason.join('; '));
    reason = [];
  }
  let number = 0;
  for (const request of requests) {
    let failure: string | undefined;
    for (const line of request.lines) {
      number += 1;
      const text = failures.get(number);
      if (text !== undefined) failure ??= `"ip ${line}" failed: ${text}`;
    }
    if (failure === undefined) request.resolve();
    else request.reject(new HostError(failure));
  }
}
