// The resources of a conversion → files of a folder. What an earlier conversion left there goes; anything else is not touched.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Resource, Tree } from '../../bridge/manifest.ts';
import { WindlassError } from '../../errors.ts';
import type { OrderedMap, OrderedValue } from '../../go-json.ts';
import { makeFolder } from '../../make-folder.ts';
import { emitYaml } from '../../spec/yaml/emit.ts';
import { writing } from '../output/writing.ts';

/** What a conversion makes, and may remove again. */
const OURS: readonly string[] = ['base', 'overlays'];

/** @throws WindlassError where the folder is none, or holds something that no conversion has made. */
export function checkFolder(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory())
    throw new WindlassError('BRIDGE_OUTPUT', `"${folder}" is no folder`, { hint: 'name another with "--output"' });
  const others = readdirSync(folder).filter((name) => !OURS.includes(name));
  const isConversion = existsSync(join(folder, 'base', 'kustomization.yaml'));
  if (others.length === 0 && (isConversion || readdirSync(folder).length === 0)) return;
  throw new WindlassError('BRIDGE_OUTPUT', `"${folder}" holds something else than an earlier conversion`, {
    hint: 'name a new or an empty folder with "--output"',
  });
}

/** @throws HostError where the folder cannot be written to. */
export function writeResources(folder: string, resources: readonly Resource[]): Promise<void> {
  return writing('the resources', 'name another folder with "--output"', async () => {
    for (const name of OURS) await rm(join(folder, name), { recursive: true, force: true });
    for (const resource of resources) {
      const path = join(folder, resource.path);
      await makeFolder(dirname(path));
      await writeFile(path, textOf(resource), { mode: resource.secret ? 0o600 : 0o644 });
    }
  });
}

/** A resource's file. */
export const textOf = ({ content }: Resource): string =>
  `# Made by "windlass bridge convert"; changes are lost when it is made again.\n${emitYaml(ordered(content))}`;

function ordered(value: Tree): OrderedValue {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object') return value;
  const map: OrderedMap = new Map();
  for (const [key, item] of Object.entries(value)) if (item !== undefined) map.set(key, ordered(item));
  return map;
}
