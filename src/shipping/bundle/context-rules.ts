// What of a build context goes into a bundle: what a build would be sent.
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type IgnoreRules, ignoreLines, ignoreRules } from '../../ignore-rules.ts';
import type { Project } from '../../model.ts';

export interface PackedContext {
  readonly folder: string;
  readonly rules: IgnoreRules;
}

/** The rules of each context's .dockerignore. The whole context, where a Dockerfile has an ignore file of its own. */
export async function contextRules(project: Project, folders: readonly string[]): Promise<PackedContext[]> {
  const contexts: PackedContext[] = [];
  for (const folder of folders) {
    const dockerfiles = Object.values(project.services).flatMap(({ build }) =>
      build?.context !== undefined && resolve(build.context) === folder ? [build.dockerfile ?? 'Dockerfile'] : [],
    );
    const own = await Promise.all(dockerfiles.map((name) => exists(join(folder, `${name}.dockerignore`))));
    const text = own.includes(true) ? '' : await readFile(join(folder, '.dockerignore'), 'utf8').catch(() => '');
    const kept = [...dockerfiles, '.dockerignore'].map((name) => `!${name}`);
    contexts.push({ folder, rules: ignoreRules([...ignoreLines(text), ...kept]) });
  }
  return contexts;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
