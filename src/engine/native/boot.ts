// Whether the machine was started since the last engine, and what an engine leaves of its folders when nothing is in them.
import { join } from 'node:path';
import { listIfExists, type NativeHost, readIfExists } from './host.ts';
import type { Paths } from './paths.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** True for the first engine since a boot; notes that there has been one. */
export async function isFirstSinceBoot(host: NativeHost, paths: Paths): Promise<boolean> {
  const note = join(paths.run, 'boot');
  const boot = (await readIfExists(host.files, BOOT_ID))?.trim() ?? '';
  if ((await readIfExists(host.files, note)) === boot) return false;
  await host.writeAtomic(note, boot, { sync: false });
  return true;
}

/**
 * Removes the folders of an engine that ends and has no networks of the user's, unless there are containers or volumes:
 * then its images are all that stays. Folders that are not empty stay as they are.
 */
export async function leaveImagesOnly(host: NativeHost, paths: Paths): Promise<void> {
  const { files } = host;
  for (const folder of [paths.containers, paths.volumes]) if ((await listIfExists(files, folder)).length > 0) return;
  await files.rm(paths.networks, { recursive: true, force: true });
  await Promise.all(
    [paths.containers, paths.volumes, paths.exits, paths.runtimeState, join(paths.run, 'containers')].map((folder) =>
      files.rmdir(folder).catch(() => undefined),
    ),
  );
  for (const name of ['boot', 'engine.log']) await files.rm(join(paths.run, name), { force: true });
  await files.rmdir(paths.run).catch(() => undefined);
}
