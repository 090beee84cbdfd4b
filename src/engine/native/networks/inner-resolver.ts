// The embedded resolver for containers that no bridge connects with the host (macvlan, ipvlan): sockets at 127.0.0.11 inside their
// network namespaces, held by a perl process, and a rule there that leads to them. The sockets have ports of their own, so
// that a name server in the container may have port 53.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HostError, messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { EMBEDDED_DNS } from '../../../network/bridge.ts';
import { type NativeHost, runChecked } from '../host.ts';
import { innerResolverProgram } from './inner-resolver-program.ts';

/** Answers one question; undefined for what is none. */
export type AnswerQuestion = (message: Buffer, asker: string, tcp: boolean) => Promise<Buffer | undefined>;

interface Ports {
  readonly udp: number;
  readonly tcp: number;
}

interface Waiting {
  resolve(ports: Ports): void;
  reject(error: Error): void;
}

export class InnerResolvers {
  readonly #host: NativeHost;
  readonly #answer: AnswerQuestion;
  /** By key, the address by which the resolver knows who asks. */
  readonly #askers = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #lost: () => void;
  #child: ChildProcess | undefined;

  /** `lost` is called when the process ended with all it held: who is to be served is to be opened again. */
  constructor(host: NativeHost, answer: AnswerQuestion, lost: () => void) {
    this.#host = host;
    this.#answer = answer;
    this.#lost = lost;
  }

  /** Serves a namespace until `close` with the same key. Opening it again is no failure. */
  async open(key: string, asker: string, netns: string): Promise<void> {
    this.#askers.set(key, asker);
    const ports = await new Promise<Ports>((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject });
      this.#say('open', key, netns);
    });
    await runChecked(this.#host, 'nsenter', [`--net=${netns}`, 'nft', '-f', '-'], redirection(ports));
  }

  /** Lets go of the namespace. `netns`: it goes on without a resolver of its own, and the rule goes too. */
  async close(key: string, netns?: string): Promise<void> {
    if (!this.#askers.delete(key)) return;
    this.#say('close', key);
    if (netns !== undefined) await runChecked(this.#host, 'nsenter', [`--net=${netns}`, 'nft', '-f', '-'], REMOVAL);
  }

  /** Lets go of all sockets; the rules stay for the next engine, which replaces them. */
  end(): void {
    this.#askers.clear();
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #say(...fields: readonly string[]): void {
    this.#child ??= this.#start();
    write(this.#child, fields);
  }

  #start(): ChildProcess {
    const program = innerResolverProgram(process.arch);
    if (program === undefined) throw new HostError(`system calls of the architecture "${process.arch}" are not known`);
    const child = this.#host.start('perl', ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    child.stdin?.on('error', () => undefined); // it ended: "close" below tells
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#hear(child, line));
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('close', (code, signal) => this.#ended(child, signal ?? `exit status ${code}`));
    return child;
  }

  #hear(child: ChildProcess, line: string): void {
    const [what, ...fields] = line.split('\t');
    if (what === 'ask') void this.#ask(child, fields);
    else this.#settle(what, fields);
  }

  #settle(what: string | undefined, [key = '', second = '', third = '']: readonly string[]): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (what === 'opened') waiting?.resolve({ udp: Number(second), tcp: Number(third) });
    if (what === 'failed') waiting?.reject(new HostError(`cannot make the resolver's sockets: ${second}`));
  }

  /** The answer goes to the process that asked, whose socket the client waits at: another one would not know it. */
  async #ask(child: ChildProcess, [token = '', key = '', kind, hex = '']: readonly string[]): Promise<void> {
    const asker = this.#askers.get(key);
    if (asker === undefined) return;
    try {
      const answer = await this.#answer(Buffer.from(hex, 'hex'), asker, kind === 'tcp');
      if (answer) write(child, ['tell', token, answer.toString('hex')]);
    } catch (error) {
      debug('dns', () => messageOf(error));
    }
  }

  #ended(child: ChildProcess, why: string): void {
    for (const waiting of this.#waiting.values())
      waiting.reject(new HostError(`the resolver inside containers ended: ${why}`));
    this.#waiting.clear();
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#askers.clear();
    this.#lost();
  }
}

/** To one that has ended, nothing. */
function write({ stdin }: ChildProcess, fields: readonly string[]): void {
  if (stdin?.writable) stdin.write(`${fields.join('\t')}\n`);
}

const TABLE = 'ip windlass_resolver';

/** Declared before it is deleted: it may not be there. */
const REMOVAL = `table ${TABLE} {}\ndelete table ${TABLE}\n`;

/** A container's questions to 127.0.0.11:53 go to the sockets. */
const redirection = ({ udp, tcp }: Ports): string => `${REMOVAL}table ${TABLE} {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr ${EMBEDDED_DNS} udp dport 53 dnat to ${EMBEDDED_DNS}:${udp}
    ip daddr ${EMBEDDED_DNS} tcp dport 53 dnat to ${EMBEDDED_DNS}:${tcp}
  }
}
`;
