// A look at what an engine that does not run has on disk.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LABEL } from '../../../names.ts';
import type { EnginePlace } from '../../native-place.ts';

/** Whether a container of the project is kept there. False where it cannot be told, as without root. */
export async function hasProject(place: EnginePlace, project: string): Promise<boolean> {
  const folder = join(place.lib, 'containers');
  const ids = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    ids.map(async (id) => {
      const text = await readFile(join(folder, id, 'record.json'), 'utf8').catch(() => '{}');
      // A record that is being written is whole or not there: it is renamed into place.
      const record = JSON.parse(text) as { config?: { Labels?: Record<string, string> } };
      return record.config?.Labels?.[LABEL.project] === project;
    }),
  );
  return found.includes(true);
}
