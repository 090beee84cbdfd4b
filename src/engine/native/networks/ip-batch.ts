// Many small changes of interfaces in few runs of ip(8): what is asked while one run goes on shares the next.
import { HostError } from '../../../errors.ts';
import type { Host } from '../../../host.ts';
import { Rounds } from '../serial.ts';

interface Request {
  readonly lines: readonly string[];
  resolve(): void;
  reject(error: Error): void;
}

export class IpBatch {
  readonly #host: Host;
  #waiting: Request[] = [];
  readonly #rounds: Rounds;

  constructor(host: Host) {
    this.#host = host;
    this.#rounds = new Rounds(() => this.#flush());
  }

  /** Carries out the lines of `text` in order. Rejects when one of them fails; lines of others are not affected. */
  run(text: string): Promise<void> {
    const lines = text.split('\n').filter((line) => line !== '');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      void this.#rounds.request();
    });
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
