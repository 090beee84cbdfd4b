// `publish`: the project as an artifact in a registry, from which `-f oci://…` reads it. Asks before anything leaves that its author
// may not mean to show.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError, WindlassError } from '../../errors.ts';
import { realHost } from '../../host.ts';
import type { Project } from '../../model.ts';
import type { OciVersion } from '../../remote/artifact.ts';
import { loadProject } from '../../spec/load.ts';
import { renderImages } from '../../spec/render.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { publishFlags } from '../declarations/model.ts';
import { pinProject } from '../image-digests.ts';
import { withProgress } from '../output/progress.ts';
import { bindMountQuestion, environmentQuestion, refusal } from '../publish/checks.ts';
import { layersOf } from '../publish/layers.ts';
import { sensitiveQuestion } from '../publish/sensitive.ts';
import { confirm } from '../terminal/confirm.ts';
import { pushImages } from './push.ts';

type PublishFlags = FlagValues<typeof publishFlags>;

export const run: CommandRun<typeof publishFlags> = async (context, flags, [repository = '']) => {
  const version = versionOf(flags['oci-version']);
  const project = await context.loadProject({ profiles: ['*'], resolveEnvironment: false });
  const problem = refusal(project, flags['with-env']);
  // Finds out about local includes before anything is asked.
  const layers = layersOf(project, { withEnvironment: flags['with-env'] });
  if (problem !== undefined) throw new WindlassError('PUBLISH', problem);
  if (!flags.yes && !(await agreed(context, project))) return 0;
  const built = Object.values(project.services).filter(({ build }) => build !== undefined);
  if (built.length > 0) await pushImages(context, project, built, { ignoreFailures: true, quiet: false });
  await withProgress(context, { title: 'Publishing' }, async ({ onEvent }) => {
    onEvent({ id: repository, text: 'publishing', status: '', kind: 'working' });
    if (!context.globals.dryRun) {
      const pinned = flags.app || flags['resolve-image-digests'] ? await pinProject(context, project) : undefined;
      const digests = pinned === undefined ? [] : layersOf({ ...project, composeFiles: [] }, pinsOf(pinned));
      const { publish } = await import('../../remote/publish.ts');
      await publish(
        repository,
        { layers: [...layers, ...digests], version, images: flags.app && pinned ? imagesOf(pinned) : [] },
        surroundingsOf(context, flags),
      );
    }
    onEvent({ id: repository, text: 'published', status: '', kind: 'done' });
  });
  return 0;
};

function versionOf(text: string | undefined): OciVersion | undefined {
  if (text === undefined || text === '' || text === '1.0' || text === '1.1') return text || undefined;
  throw new UsageError(`unsupported OCI version: ${text}`, { hint: 'use 1.0 or 1.1' });
}

const pinsOf = (pinned: Project) => ({ withEnvironment: false, digests: renderImages(pinned, 'yaml') });

const imagesOf = (project: Project): string[] => [
  ...new Set(Object.values(project.services).flatMap(({ image }) => image ?? [])),
];

const surroundingsOf = ({ env, globals, signal }: CommandContext, flags: PublishFlags) => ({
  host: realHost,
  env,
  insecure: [...globals.insecureRegistries, ...flags['insecure-registry']],
  signal,
});

/** Every question with a "yes". */
async function agreed(context: CommandContext, project: Project): Promise<boolean> {
  const options = context.loadOptions({ profiles: ['*'] });
  const resolved = await loadProject(options);
  const questions = [
    bindMountQuestion(project),
    sensitiveQuestion(textsOf(project)),
    environmentQuestion(resolved.project),
  ];
  for (const question of questions) if (question !== undefined && !(await confirm(context, question))) return false;
  return true;
}

/** What is published, and what is named by it: all that may hold a credential. */
function textsOf(project: Project): { name: string; text: string }[] {
  const files = [
    ...project.composeFiles,
    ...Object.values(project.services).flatMap(({ env_file = [] }) => env_file.map(({ path }) => path)),
    ...[...Object.values(project.configs), ...Object.values(project.secrets)].flatMap(({ file }) => file ?? []),
  ];
  return [...new Set(files)].flatMap((file) => {
    try {
      return [{ name: basename(file), text: readFileSync(file, 'utf8') }];
    } catch {
      // It is not published then, either.
      return [];
    }
  });
}
