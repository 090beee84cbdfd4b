// The detach keys: the flag, else docker's config.json, else docker's default.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from './detach-keys.ts';

/** Throws UsageError for a sequence that cannot be read. */
export async function detachKeysFor(env: Readonly<Record<string, string>>, flag: string | undefined): Promise<string> {
  const keys = flag || (await configuredKeys(env)) || DEFAULT_DETACH_KEYS;
  parseDetachKeys(keys);
  return keys;
}

async function configuredKeys(env: Readonly<Record<string, string>>): Promise<string | undefined> {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  try {
    const config: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    if (typeof config !== 'object' || config === null || !('detachKeys' in config)) return undefined;
    return typeof config.detachKeys === 'string' ? config.detachKeys : undefined;
  } catch {
    // No file, or not ours to complain about: whoever needs the credentials in it will.
    return undefined;
  }
}
