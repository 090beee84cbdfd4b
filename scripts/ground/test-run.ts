// One run of the end-to-end tests: a folder for everything it writes, a prefix for everything it makes on an engine. However the run
// ends, sweeping by these leaves nothing of it.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BUSYBOX } from './busybox-image.ts';
import { engineAnswers } from './find-engine.ts';
import { run } from './run.ts';

const FOLDER = 'windlass-test-';
const PROJECT_LABEL = 'com.docker.compose.project';

/** Makes the folder of a new run. */
export async function beginRun(): Promise<string> {
  const folder = join(tmpdir(), `${FOLDER}${randomBytes(3).toString('hex')}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Beginning of the names of the run's projects. */
export const projectPrefix = (folder: string): string => `wlt-${basename(folder).slice(FOLDER.length)}-`;

/** Notes which engine the run uses, and which of the images it may bring are there already. */
export async function noteEngine(folder: string, host: string): Promise<void> {
  await writeFile(join(folder, 'engine.json'), JSON.stringify({ host, images: await imagesOfOurs(host) }));
}

/** Removes what the run made: on its engine, if that still answers, and on disk. */
export async function sweepRun(folder: string): Promise<void> {
  const note = await readFile(join(folder, 'engine.json'), 'utf8').catch(() => undefined);
  if (note !== undefined) {
    const { host, images } = JSON.parse(note) as { host: string; images: readonly string[] };
    if (await engineAnswers(host)) {
      await sweepEngine(host, projectPrefix(folder));
      const brought = (await imagesOfOurs(host)).filter((image) => !images.includes(image));
      if (brought.length > 0) await run('docker', ['-H', host, 'image', 'rm', ...brought]);
    }
  }
  await rm(folder, { recursive: true, force: true });
}

/** Removes containers, networks, volumes and built images of every project whose name begins so. */
async function sweepEngine(host: string, prefix: string): Promise<void> {
  const kinds = [
    { list: ['ps', '-a'], id: '{{.ID}}', remove: ['rm', '-f', '-v'] },
    { list: ['network', 'ls'], id: '{{.ID}}', remove: ['network', 'rm'] },
    { list: ['volume', 'ls'], id: '{{.Name}}', remove: ['volume', 'rm', '-f'] },
  ];
  for (const { list, id, remove } of kinds) {
    const format = `${id} {{.Label "${PROJECT_LABEL}"}}`;
    const listed = await run('docker', ['-H', host, ...list, '--filter', `label=${PROJECT_LABEL}`, '--format', format]);
    const ours = listed.stdout.split('\n').flatMap((line) => {
      const [found = '', project = ''] = line.split(' ');
      return project.startsWith(prefix) ? [found] : [];
    });
    if (ours.length > 0) await run('docker', ['-H', host, ...remove, ...ours]);
  }
  const images = (await imageNames(host)).filter((name) => name.startsWith(prefix));
  if (images.length > 0) await run('docker', ['-H', host, 'image', 'rm', '-f', ...images]);
}

async function imageNames(host: string): Promise<string[]> {
  const { stdout } = await run('docker', ['-H', host, 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']);
  return stdout.split('\n').filter((name) => name !== '');
}

/** Images that runs bring into an engine. */
const imagesOfOurs = async (host: string): Promise<string[]> =>
  (await imageNames(host)).filter((name) => name === BUSYBOX || name.startsWith('windlass-example/'));
