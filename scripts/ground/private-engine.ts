// A Docker Engine of our own, beside whatever the machine has: own data, socket, bridge and address pool in one folder.
// A keeper process (engine-keeper.ts) owns it. The engine ends with the process that asked for it, however that process ends;
// then its containers, mounts, bridges, firewall rules and files go too.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, FOR_AN_ENGINE, systemPath } from './debian-packages.ts';
import { asRoot, must } from './run.ts';

const KEEPER = fileURLToPath(new URL('engine-keeper.ts', import.meta.url));
/** Not /tmp: that may be small, or a tmpfs. */
const PLACE = '/var/tmp';
const PREFIX = 'windlass-engine-';
const START_DEADLINE_MS = 90_000;

export interface PrivateEngine {
  /** For DOCKER_HOST. */
  readonly host: string;
  readonly folder: string;
  /** Stops the engine and removes everything it made. */
  stop(): Promise<void>;
}

/** Socket of the private engine in a folder. */
const hostIn = (folder: string): string => `unix://${join(folder, 'docker.sock')}`;

/** Starts one that ends with this process at the latest. */
export async function startPrivateEngine(): Promise<PrivateEngine> {
  await ensurePackages(FOR_AN_ENGINE);
  await removeAbandoned();
  const folder = await mkdtemp(join(PLACE, PREFIX));
  const [program, args] = asRoot(process.execPath, [KEEPER, 'follow', folder, String(process.getgid?.() ?? 0)]);
  const keeper = spawn(program, args, {
    // A session of its own: Ctrl-C reaches the person's program first, and the keeper through it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: systemPath(process.env.PATH) },
  });
  await ready(keeper);
  // Whoever reads our own output to its end must not wait for the engine.
  keeper.stdout.destroy();
  keeper.stderr.destroy();
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  return {
    host: hostIn(folder),
    folder,
    stop: async () => {
      keeper.stdin.end();
      await ended;
    },
  };
}

/** Resolves when the keeper says so; rejects with what it said of a failure. */
function ready(keeper: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    const fail = (why: string): void => {
      keeper.stdin?.end();
      reject(new Error(`the private Docker Engine ${why}\n${complaint}`));
    };
    const timer = setTimeout(() => fail('did not answer in time'), START_DEADLINE_MS);
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    keeper.stdout?.setEncoding('utf8').once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    keeper.once('close', () => {
      clearTimeout(timer);
      fail('did not start');
    });
  });
}

/** Stops the engine in a folder, whoever started it, and removes what it made. Fine when there is none. */
const stopPrivateEngine = async (folder: string): Promise<void> => {
  await must(...asRoot(process.execPath, [KEEPER, 'stop', folder]), {
    env: { ...process.env, PATH: systemPath(process.env.PATH) },
  });
};

/** Engines whose keeper was killed leave their folder behind: sweep it. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(PLACE)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(PLACE, name);
    const pid = Number(await readFile(join(folder, 'keeper.pid'), 'utf8').catch(() => '0'));
    if (pid > 0 && !isAlive(pid)) await stopPrivateEngine(folder);
    else if (pid === 0) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether a process of that id exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
