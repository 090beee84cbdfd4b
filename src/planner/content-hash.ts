// What a service's configs and secrets contain, as one digest: the label that makes a changed content recreate its users.
// docker compose does not notice such changes (docker/compose#11900).
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Project, Service } from '../model.ts';
import { contentOf, type FileUse, fileUses } from './file-objects.ts';

/** Undefined where the service uses no configs and secrets. */
export async function contentHash(project: Project, service: Service): Promise<string | undefined> {
  const uses = fileUses(project, service);
  if (uses.length === 0) return undefined;
  const lines = await Promise.all(uses.map((use) => digestOf(project, use)));
  return sha256(lines.sort().join('\n'));
}

async function digestOf(project: Project, use: FileUse): Promise<string> {
  const { file } = use.object;
  const digest = file === undefined ? sha256(contentOf(project, use)) : await fileDigest(file);
  return `${use.kind} ${use.target} ${digest}`;
}

/** A directory is mounted live, and a file that is missing or unreadable is reported when it is mounted. */
async function fileDigest(path: string): Promise<string> {
  try {
    return sha256(await readFile(path));
  } catch {
    return 'none';
  }
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
