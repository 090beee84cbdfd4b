// compose.lock.yaml on disk: beside the project's first Compose file.
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OrderedValue } from '../../go-json.ts';
import { decodeLock, LOCK_FILE, LockError, type LockFile, lockTree } from '../../shipping/lock/lock-file.ts';
import { localDirectory } from '../../spec/load.ts';
import { Places } from '../../spec/places.ts';
import { readTextFile } from '../../spec/read-file.ts';
import { readYaml } from '../../spec/read-yaml.ts';
import { emitYaml } from '../../spec/yaml/emit.ts';
import type { CommandContext } from '../context.ts';
import { writing } from '../output/writing.ts';

/** Where the lock of the project at hand is, or would be. */
export const lockPath = (context: Pick<CommandContext, 'loadOptions'>): string =>
  join(localDirectory(context.loadOptions()), LOCK_FILE);

/** Undefined where there is none. Throws LockError for one that cannot be read. */
export function readLock(path: string): LockFile | undefined {
  return existsSync(path) ? parseLock(readTextFile(path, LOCK_FILE)) : undefined;
}

/** As `readLock`, and throws where there is none. */
export function requireLock(path: string): LockFile {
  const lock = readLock(path);
  if (lock === undefined) throw new LockError(`there is no "${path}"`, { hint: 'make it with "windlass lock"' });
  return lock;
}

export function parseLock(text: string): LockFile {
  const [document] = readYaml(text, LOCK_FILE, new Places());
  // Through JSON, so that the loader's own kinds of mapping and number become plain ones.
  return decodeLock(JSON.parse(JSON.stringify(document?.root ?? null)), LOCK_FILE);
}

const HEAD =
  '# Which image each tag stands for. "windlass up --locked" uses exactly these; "windlass update" moves them.\n';

export const lockText = (lock: LockFile): string => `${HEAD}${emitYaml(lockTree(lock) as OrderedValue)}`;

/** Writes the file whole or not at all. */
export async function writeLock(path: string, lock: LockFile): Promise<void> {
  const partial = `${path}.partial`;
  await writing('the lock', 'make its folder writable, or run this where it is', async () => {
    await writeFile(partial, lockText(lock));
    await rename(partial, path);
  });
}
