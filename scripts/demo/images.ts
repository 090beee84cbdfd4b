// The demo's three images: the official ones where a registry can be reached, stand-ins built from Debian packages otherwise.
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { asRoot, failure, run, start } from '../ground/run.ts';
import { type Ground, note } from './ground.ts';

const BUILD = fileURLToPath(new URL('../../examples/wordpress/images/build.sh', import.meta.url));
const OFFICIAL = ['mariadb:11', 'wordpress:6-fpm', 'nginx:stable'];
/** A registry that answers has sent the smallest of them by then. */
const REGISTRY_DEADLINE_MS = 60_000;

/** Makes sure that the engine has the images; says which. `say` gets a line for each that is built. */
export async function provideImages(ground: Ground, say: (text: string) => void): Promise<string> {
  say('asking the registry');
  if (await registryAnswers(ground.host)) return `official: ${OFFICIAL.join(', ')}`;
  const before = await tags(ground.host);
  ground.images = await buildStandIns(ground.host, say);
  const after = await tags(ground.host);
  ground.broughtImages = [...new Set([...ground.broughtImages, ...after.filter((tag) => !before.includes(tag))])];
  await note(ground);
  return 'from Debian packages, since no registry can be reached: MariaDB, WordPress with PHP-FPM, nginx';
}

/** Whether the official images are there or can be had: asked with the smallest. */
async function registryAnswers(host: string): Promise<boolean> {
  const env = { ...process.env, DOCKER_HOST: host };
  const here = await Promise.all(OFFICIAL.map((image) => run('docker', ['image', 'inspect', image], { env })));
  if (here.every(({ exitCode }) => exitCode === 0)) return true;
  const pulled = await run('docker', ['pull', '-q', 'nginx:stable'], { env, deadline: REGISTRY_DEADLINE_MS });
  return pulled.exitCode === 0;
}

async function tags(host: string): Promise<string[]> {
  const listed = await run('docker', ['-H', host, 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']);
  return listed.stdout.split('\n').filter((tag) => tag.startsWith('windlass-example/'));
}

/** Runs the example's own script; the settings it prints. */
async function buildStandIns(host: string, say: (text: string) => void): Promise<Record<string, string>> {
  const variables = [`DOCKER_HOST=${host}`, `HOME=${homedir()}`, `PATH=${process.env.PATH ?? ''}`];
  const cache = process.env.XDG_CACHE_HOME;
  if (cache !== undefined) variables.push(`XDG_CACHE_HOME=${cache}`);
  const building = start(...asRoot('env', [...variables, BUILD]));
  building.process.stderr?.on('data', (text: string) => say(text.trim()));
  const built = await building.ended;
  if (built.exitCode !== 0) throw new Error(failure(built));
  const settings = [...built.stdout.matchAll(/^(\w+_IMAGE)=(.+)$/gm)];
  return Object.fromEntries(settings.map(([, name = '', image = '']) => [name, image]));
}
