// What the demo stands on and remembers: its engine, its settings, and how all of it goes away again.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enginePlace } from '../../src/engine/native-place.ts';
import { ensurePackages, FOR_NATIVE } from '../ground/debian-packages.ts';
import { callJson, removeImage } from '../ground/engine-api.ts';
import { engineAnswers, findEngine } from '../ground/find-engine.ts';
import { asRoot, must } from '../ground/run.ts';
import { step } from './terminal.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** From the project's root; git ignores it. */
export const STATE = '.cache/demo';
const PROJECT = 'windlass-demo';
const FIRST_PORT = 8080;

export interface Ground {
  /** Address of the engine. */
  readonly host: string;
  /** It is windlass's own. */
  readonly native: boolean;
  /** The demo started it, and ends it. */
  readonly startedEngine: boolean;
  readonly site: string;
  readonly user: string;
  readonly adminPassword: string;
  /** Environment of the Compose file's images: MARIADB_IMAGE and so on; empty for the official ones. */
  images: Readonly<Record<string, string>>;
  /** Images that the demo brought into somebody else's engine. */
  broughtImages: readonly string[];
}

const stateFile = (name: string): string => join(ROOT, STATE, name);

/** What an earlier run noted; undefined where the demo does not run. */
export async function readGround(): Promise<Ground | undefined> {
  const text = await readFile(stateFile('ground.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Ground);
}

async function writePrivately(name: string, text: string): Promise<void> {
  await writeFile(stateFile(name), text, { mode: 0o600 });
  await chmod(stateFile(name), 0o600);
}

export const note = (ground: Ground): Promise<void> => writePrivately('ground.json', JSON.stringify(ground));

/** The program is built and an engine answers: the one that was used before, a Docker Engine, or windlass's own. */
export async function prepareEngine(): Promise<Ground> {
  await step('Windlass', async () => {
    await must(process.execPath, [join(ROOT, 'scripts/build.ts')]);
    return 'built';
  });
  const earlier = await readGround();
  // After a reboot, say: its containers and volumes are still there, and the passwords are theirs.
  if (earlier?.native) await ensureNative();
  if (earlier !== undefined && (await engineAnswers(earlier.host))) return earlier;
  const docker = await findEngine();
  if (docker === undefined) await ensurePackages(FOR_NATIVE);
  let ground: Ground | undefined;
  await step('Engine', async (say) => {
    if (docker === undefined) say('starting');
    const started = docker === undefined && (await ensureNative());
    const host = docker ?? NATIVE_HOST;
    ground = {
      host,
      native: docker === undefined,
      startedEngine: started,
      site: `http://localhost:${await freePort(FIRST_PORT)}`,
      user: 'captain',
      adminPassword: randomBytes(12).toString('base64url'),
      images: {},
      broughtImages: [],
    };
    await note(ground);
    const { Version } = (await callJson(host, { method: 'GET', path: '/version' })) as { Version: string };
    const which = ground.native ? "windlass's own, since no Docker Engine answers" : `Docker Engine ${Version}`;
    return `${which} (${host})`;
  });
  if (ground === undefined) throw new Error('no engine was prepared');
  return ground;
}

const NATIVE_HOST = `unix://${enginePlace({}, process.env).socket}`;

/** Starts the native engine at its usual place, for this user's group; false when it runs already. */
async function ensureNative(): Promise<boolean> {
  if (await engineAnswers(NATIVE_HOST)) return false;
  await must(...engineCommand(['start', '--group', String(process.getgid?.() ?? 0)]));
  return true;
}

/** `windlass engine …`, as root, on the place that the environment names. */
function engineCommand([verb = '', ...flags]: readonly string[]): [string, string[]] {
  const { lib, run, socket } = enginePlace({}, process.env);
  const place = ['--root', lib, '--run', run, '--socket', socket];
  return asRoot(process.execPath, [join(ROOT, 'dist/windlass.js'), 'engine', verb, ...place, ...flags]);
}

/** The first port from `first` on that nothing on loopback holds. */
async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + 100; port++) if (await isFree(port)) return port;
  throw new Error(`no free port from ${first} to ${first + 99}`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** The Compose file's settings: a password of its own, the port on loopback only, the images. */
export async function prepareSettings(ground: Ground): Promise<string> {
  await mkdir(join(ROOT, STATE), { recursive: true });
  const known = await access(stateFile('env')).then(
    () => true,
    () => false,
  );
  const password = known
    ? (/^DB_PASSWORD=(.*)$/m.exec(await readFile(stateFile('env'), 'utf8'))?.[1] ?? '')
    : randomBytes(18).toString('base64url');
  const settings = {
    DB_PASSWORD: password,
    WORDPRESS_PORT: `127.0.0.1:${new URL(ground.site).port}`,
    ...ground.images,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writePrivately('env', lines.join(''));
  await writePrivately('admin-password', `${ground.adminPassword}\n`);
  await note(ground);
  return `passwords made up, in ${STATE} (readable by you alone)`;
}

/** Runs windlass on the demo's project, sharing this terminal; its exit status. */
export function windlass(ground: Ground, args: readonly string[], quiet = false): Promise<number> {
  const where = ['--project-directory', join(ROOT, 'examples/wordpress'), '--project-name', PROJECT];
  const all = ['--', join(ROOT, 'dist/windlass.js'), ...where, '--env-file', stateFile('env'), ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, all, {
      stdio: quiet ? 'ignore' : 'inherit',
      env: { ...process.env, ...engineVariables(ground) },
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 130));
  });
}

/** What makes windlass use the demo's engine, and start it again should it be gone. */
const engineVariables = ({ native, host }: Ground): Record<string, string> =>
  native ? { WINDLASS_ENGINE: 'native' } : { WINDLASS_ENGINE: 'docker', DOCKER_HOST: host };

/**
 * Takes away the project with its data, the images that the demo brought, its engine, and its notes. An engine that the demo
 * started keeps its images, for the next time.
 */
export async function takeAway(ground: Ground | undefined, options: { quiet: boolean }): Promise<void> {
  if (ground !== undefined) {
    await windlass(ground, ['down', '--volumes', '--remove-orphans', '--timeout', '5'], options.quiet);
    if (ground.startedEngine) await must(...engineCommand(['stop']));
    else for (const image of ground.broughtImages) await removeImage(ground.host, image);
  }
  await rm(join(ROOT, STATE), { recursive: true, force: true });
}
