// A native engine of its own for a test: the built program on a root and socket in a temporary folder, and the docker CLI
// pointed at it. Afterwards its containers are gone, and what it left on the host is told.

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { ensureBusybox } from '../../scripts/ground/busybox-image.ts';
import { failure, type Ran, type RunOptions, run, type Started, start } from '../../scripts/ground/run.ts';
import { eventually } from './eventually.ts';

const DEADLINE_MS = 60_000;

export class NativeEngineUnderTest {
  readonly folder: string;
  readonly host: string;
  #process: Started | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.host = `unix://${join(folder, 'engine.sock')}`;
  }

  /** What the engine has written so far. */
  get said(): string {
    return this.#process?.output() ?? '';
  }

  get pid(): number {
    return this.#process?.process.pid ?? 0;
  }

  /** With `remapped`, users are: those of `--userns-remap`, in a copy of /etc that only this engine sees. */
  async start({ remapped }: { readonly remapped?: string } = {}): Promise<void> {
    const { program } = inject('ground');
    const command = [process.execPath, program, 'engine', 'run', '--root', this.folder];
    const [first = '', ...args] = remapped === undefined ? command : this.#withOwnUsers(command, remapped);
    const started = start(first, args, { deadline: 3_600_000 });
    this.#process = started;
    await eventually(
      `an engine that answers: ${started.output()}`,
      () => answers(join(this.folder, 'engine.sock')),
      DEADLINE_MS,
    );
  }

  /** Where files of /etc are that were changed for this engine alone. */
  get changedEtc(): string {
    return join(this.folder, 'etc/upper');
  }

  /** The user that "default" stands for is made in an overlay of /etc, in a mount namespace of the engine's own. */
  #withOwnUsers(command: readonly string[], remapped: string): string[] {
    const script = `mkdir -p "$1/upper" "$1/work" && mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc && shift && exec "$@"`;
    const etc = join(this.folder, 'etc');
    return ['unshare', '--mount', 'sh', '-c', script, 'sh', etc, ...command, '--userns-remap', remapped];
  }

  /** Ends the engine as a crash would. */
  async crash(): Promise<void> {
    this.#process?.process.kill('SIGKILL');
    await this.#process?.ended;
  }

  async stop(): Promise<void> {
    this.#process?.process.kill('SIGTERM');
    await this.#process?.ended;
  }

  /** Runs the docker CLI; an exit status other than `exit` (0) fails the test. */
  async docker(args: readonly string[], options: RunOptions & { readonly exit?: number } = {}): Promise<Ran> {
    const ran = await run('docker', args, {
      deadline: DEADLINE_MS,
      ...options,
      env: { ...process.env, DOCKER_HOST: this.host },
    });
    if (ran.exitCode !== (options.exit ?? 0)) throw failure(ran);
    return ran;
  }

  /** docker compose in a folder. */
  async compose(cwd: string, args: readonly string[]): Promise<Ran> {
    const { peers } = inject('ground');
    const ran = await run(peers.compose, args, {
      cwd,
      deadline: DEADLINE_MS,
      env: { ...process.env, DOCKER_HOST: this.host },
    });
    if (ran.exitCode !== 0) throw failure(ran);
    return ran;
  }

  async inspect<T>(name: string, pick: (container: Inspected) => T): Promise<T> {
    const { stdout } = await this.docker(['inspect', name]);
    const [container] = JSON.parse(stdout) as Inspected[];
    if (!container) throw new Error(`no container ${name}`);
    return pick(container);
  }

  /** What of this engine is on the host beside its folder: mounts, processes, rules, cgroups. */
  async remains(): Promise<string[]> {
    const mounts = (await readFile('/proc/self/mounts', 'utf8'))
      .split('\n')
      .filter((line) => line.includes(this.folder));
    const processes = await processesNaming(this.folder);
    const table = `windlass_${createHash('sha256').update(this.folder).digest('hex').slice(0, 8)}`;
    const tables = (await run('nft', ['list', 'tables'])).stdout;
    const rules = tables.split('\n').filter((line) => line.includes(table));
    const ids = await readdir(join(this.folder, 'containers')).catch(() => []);
    const bridges = await this.#bridges();
    return [...mounts, ...processes, ...rules, ...bridges, ...ids.map((id) => `container ${id}`)];
  }

  async #bridges(): Promise<string[]> {
    const found: string[] = [];
    const present = await readdir('/sys/class/net');
    for (const file of await readdir(join(this.folder, 'networks')).catch(() => [])) {
      const { bridge } = JSON.parse(await readFile(join(this.folder, 'networks', file), 'utf8')) as { bridge?: string };
      if (bridge !== undefined && present.includes(bridge)) found.push(`interface ${bridge}`);
    }
    return found;
  }

  /** Removes the containers, ends the engine and its folder. Returns what was still on the host. */
  async tearDown(): Promise<string[]> {
    const { stdout } = await this.docker(['ps', '-aq']);
    const ids = stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker(['rm', '-f', '-v', ...ids]);
    await this.stop();
    const remains = await this.remains();
    await rm(this.folder, { recursive: true, force: true });
    return remains;
  }
}

interface Inspected {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[];
  readonly NetworkSettings: {
    readonly IPAddress: string;
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly GlobalIPv6Address: string; readonly IPv6Gateway: string }>
    >;
  };
}

/** Starts an engine that knows busybox:latest. */
export async function startNativeEngine(options: { readonly remapped?: string } = {}): Promise<NativeEngineUnderTest> {
  const engine = new NativeEngineUnderTest(await mkdtemp(join(tmpdir(), 'windlass-native-')));
  await engine.start(options);
  await ensureBusybox(engine.host);
  return engine;
}

async function processesNaming(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const line = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (line.includes(text)) found.push(`process ${pid}: ${line}`);
  }
  return found;
}

const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
