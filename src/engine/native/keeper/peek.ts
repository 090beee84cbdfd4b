// A look at what an engine that does not run has on disk.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { record, text } from '../../../json.ts';
import { LABEL } from '../../../names.ts';
import type { EnginePlace } from '../../native-place.ts';
import { hasCode } from '../host.ts';
import { PREDEFINED } from '../networks/record.ts';

/** Whether a container of the project is kept there. False where it cannot be told, as without root. */
export async function hasProject(place: EnginePlace, project: string): Promise<boolean> {
  const folder = join(place.lib, 'containers');
  const ids = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    ids.map(async (id) => {
      const { config } = await kept(join(folder, id, 'record.json'));
      return record(record(config).Labels)[LABEL.project] === project;
    }),
  );
  return found.includes(true);
}

/**
 * What is kept there: containers, volumes or networks of the user's (`more`), images alone, or nothing. `more` where it cannot be
 * told.
 */
export async function whatIsKept({ lib }: EnginePlace): Promise<'nothing' | 'images' | 'more'> {
  const [containers, volumes, networks, images] = await Promise.all(
    ['containers', 'volumes', 'networks', 'images/records'].map((folder) => namesIn(join(lib, folder))),
  );
  if (!containers || !volumes || !networks || !images || containers.length > 0 || volumes.length > 0) return 'more';
  const records = await Promise.all(networks.map((name) => kept(join(lib, 'networks', name))));
  if (!records.every(({ name }) => PREDEFINED.includes(text(name)))) return 'more';
  return images.length > 0 ? 'images' : 'nothing';
}

/**
 * A record as it is on disk; empty where there is none. One that is being written is whole or not there, since it is renamed into
 * place; one that the machine went down with may be a row of zeros.
 */
async function kept(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return record(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
}

/** Undefined where they cannot be read; none where there is no folder. */
const namesIn = (folder: string): Promise<string[] | undefined> =>
  readdir(folder).catch((error: unknown) => (hasCode(error, 'ENOENT') ? [] : undefined));
