// What configs and secrets hold, for a conversion that carries them along.
import { readFile } from 'node:fs/promises';
import type { Contents } from '../../bridge/manifest.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import type { FileObject, Project } from '../../model.ts';

/** Those of the cluster itself (`external`) are left out. */
export async function contentsOf(project: Project): Promise<Contents> {
  return { configs: await read('config', project.configs), secrets: await read('secret', project.secrets) };
}

async function read(what: string, objects: Readonly<Record<string, FileObject>>): Promise<Record<string, Buffer>> {
  const contents: Record<string, Buffer> = {};
  for (const [key, object] of Object.entries(objects))
    if (object.external !== true) contents[key] = await contentOf(`${what} "${key}"`, object);
  return contents;
}

async function contentOf(name: string, { file, content = '' }: FileObject): Promise<Buffer> {
  if (file === undefined) return Buffer.from(content);
  try {
    return await readFile(file);
  } catch (cause) {
    throw new WindlassError('BRIDGE_CONTENT', `cannot read ${name}: ${messageOf(cause)}`, { cause });
  }
}
