// The demo's three images: the official ones where a registry can be reached, stand-ins built from Debian packages otherwise.
import { buildStandIns } from '../ground/example-images.ts';
import { run } from '../ground/run.ts';
import { type Ground, note } from './ground.ts';

const OFFICIAL = ['mariadb:11', 'wordpress:6-fpm', 'nginx:stable'];
/** A registry that answers has sent the smallest of them by then. */
const REGISTRY_DEADLINE_MS = 60_000;

/** Makes sure that the engine has the images; says which. `say` gets a line for each that is built. */
export async function provideImages(ground: Ground, say: (text: string) => void): Promise<string> {
  say('asking the registry');
  if (await registryAnswers(ground.host)) return `official: ${OFFICIAL.join(', ')}`;
  const before = await tags(ground.host);
  ground.images = await buildStandIns(ground.host, ['mariadb', 'wordpress', 'nginx'], say);
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
