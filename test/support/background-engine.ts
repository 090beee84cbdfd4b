// A native engine in the background, as `engine start` and commands in need make one: the built program on a root of its own.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { failure, type Ran, type RunOptions, run } from '../../scripts/ground/run.ts';

const DEADLINE_MS = 60_000;

export interface Status {
  readonly active: boolean;
  readonly pid: number;
  readonly kept: boolean;
  readonly running: number;
  readonly addresses: readonly string[];
}

type Options = RunOptions & { readonly exit?: number };

export class BackgroundEngine {
  readonly root: string;
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;

  constructor(root: string, variables: Readonly<Record<string, string>> = {}) {
    this.root = root;
    this.host = `unix://${join(root, 'engine.sock')}`;
    this.env = { ...process.env, DOCKER_HOST: undefined, WINDLASS_ENGINE: 'native', WINDLASS_ROOT: root, ...variables };
  }

  async windlass(args: readonly string[], options: Options = {}): Promise<Ran> {
    return checked(
      await run(process.execPath, [inject('ground').program, ...args], {
        deadline: DEADLINE_MS,
        env: this.env,
        ...options,
      }),
      options.exit,
    );
  }

  /** The docker CLI on the engine's Unix socket. */
  async docker(...args: string[]): Promise<string> {
    const env = { ...process.env, DOCKER_HOST: this.host };
    return checked(await run('docker', args, { deadline: DEADLINE_MS, env })).stdout;
  }

  async status(): Promise<Status> {
    const { stdout } = await run(process.execPath, [inject('ground').program, 'engine', 'status', '--format', 'json'], {
      env: this.env,
    });
    return JSON.parse(stdout) as Status;
  }

  /** The first process of a container. */
  pid = async (name: string): Promise<number> => Number(await this.docker('inspect', '-f', '{{.State.Pid}}', name));

  /** Ends the engine as a crash would; its keeper lives on. */
  async kill(): Promise<void> {
    process.kill((await this.status()).pid, 'SIGKILL');
  }

  /** Every process and mount that has to do with the root, and files beside its images. */
  async remains(): Promise<string[]> {
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(this.root));
    const processes = (await processesOf(this.root)).map(({ pid, line }) => `process ${pid}: ${line}`);
    const files = await readdir(this.root).catch(() => []);
    return [...mounts, ...processes, ...files.filter((name) => name !== 'images')];
  }

  /** Ends every process of containers and their monitors at once, as the end of the machine would; then /run is gone. */
  async loseMachine(containers: readonly string[]): Promise<void> {
    const pids = await Promise.all(containers.map((name) => this.pid(name)));
    const others = (await processesOf(this.root)).map(({ pid }) => pid);
    const keepers = await keepersOf((await this.status()).pid);
    for (const pid of [...keepers, ...others, ...pids]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone with another one of them.
      }
    }
    await waitForEnd([...keepers, ...others, ...pids]);
    await unmountBelow(join(this.root, 'run'));
    await rm(join(this.root, 'run'), { recursive: true, force: true });
  }

  /** Ends it with all it has, and removes its root. */
  async tearDown(): Promise<void> {
    await this.windlass(['engine', 'start']);
    const ids = (await this.docker('ps', '-aq')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker('rm', '-f', '-v', ...ids);
    await this.docker('network', 'prune', '-f');
    await this.windlass(['engine', 'stop']);
    await rm(this.root, { recursive: true, force: true });
  }
}

export const backgroundEngine = async (variables?: Readonly<Record<string, string>>): Promise<BackgroundEngine> =>
  new BackgroundEngine(await mkdtemp(join(tmpdir(), 'windlass-back-')), variables);

function checked(ran: Ran, exit = 0): Ran {
  if (ran.exitCode !== exit) throw new Error(failure(ran));
  return ran;
}

async function processesOf(text: string): Promise<{ pid: number; line: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const line = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
      return line.includes(text) ? [{ pid: Number(pid), line }] : [];
    }),
  );
  return found.flat();
}

/** The parent of the engine's process, where that is a keeper. */
async function keepersOf(engine: number): Promise<number[]> {
  const status = await readFile(`/proc/${engine}/status`, 'utf8');
  const parent = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
  const name = await readFile(`/proc/${parent}/comm`, 'utf8').catch(() => '');
  return name.startsWith('windlass-keeper') ? [parent] : [];
}

async function waitForEnd(pids: readonly number[]): Promise<void> {
  const { eventually } = await import('./eventually.ts');
  await eventually('every process has ended', async () => {
    const states = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)));
    return states.every((state) => state === undefined || /\) Z /.test(state));
  });
}

async function unmountBelow(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const paths = mounts.split('\n').flatMap((line) => {
    const path = line.split(' ')[1] ?? '';
    return path.startsWith(`${folder}/`) ? [path] : [];
  });
  for (const path of paths.reverse()) await run('umount', ['-l', path]);
}
