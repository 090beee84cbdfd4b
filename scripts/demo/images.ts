// The demo's three images: the official ones where a registry can be reached, stand-ins built from Debian packages otherwise.

import { ensurePackages, FOR_IMAGES } from '../ground/debian-packages.ts';
import { callProgress, imageTags, inspectImage } from '../ground/engine-api.ts';
import { buildStandIns } from '../ground/example-images.ts';
import { type Ground, note } from './ground.ts';

const OFFICIAL = ['mariadb:11', 'wordpress:6-fpm', 'nginx:stable'];
/** A registry that answers has sent the smallest of them by then. */
const REGISTRY_DEADLINE_MS = 60_000;

/** Makes sure that the engine has the images; says which. `say` gets a line for each that is built. */
export async function provideImages(ground: Ground, say: (text: string) => void): Promise<string> {
  say('asking the registry');
  if (await registryAnswers(ground.host)) return `official: ${OFFICIAL.join(', ')}`;
  await ensurePackages(FOR_IMAGES);
  const before = await imageTags(ground.host);
  ground.images = await buildStandIns(ground.host, ['mariadb', 'wordpress', 'nginx'], say);
  const brought = (await imageTags(ground.host)).filter(
    (tag) => tag.startsWith('windlass-example/') && !before.includes(tag),
  );
  ground.broughtImages = [...new Set([...ground.broughtImages, ...brought])];
  await note(ground);
  return 'from Debian packages, since no registry can be reached: MariaDB, WordPress with PHP-FPM, nginx';
}

/** Whether the official images are there or can be had: asked with the smallest. */
async function registryAnswers(host: string): Promise<boolean> {
  const here = await Promise.all(OFFICIAL.map((image) => inspectImage(host, image)));
  if (here.every((image) => image !== undefined)) return true;
  const query = { fromImage: 'nginx', tag: 'stable' };
  return callProgress(host, { method: 'POST', path: '/images/create', query, deadline: REGISTRY_DEADLINE_MS }).then(
    () => true,
    () => false,
  );
}
