// `push`: brings the images that services build to their registries.
import type { Engine, PullProgress } from '../../engine/engine.ts';
import { isAbort, messageOf, WindlassError } from '../../errors.ts';
import type { Project, Service } from '../../model.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { pushFlags } from '../declarations/image.ts';
import { type Progress, withProgress } from '../output/progress.ts';
import { throwFailures } from '../perform.ts';
import { loadTarget } from '../project.ts';
import { selectedServices } from './selected-services.ts';

export const run: CommandRun<typeof pushFlags> = async (context, flags, args) => {
  const { project, services: named } = await loadTarget(context, args);
  await pushImages(context, project, selectedServices(project, named, flags['include-deps']), {
    ignoreFailures: flags['ignore-push-failures'],
    quiet: flags.quiet,
  });
  return 0;
};

export interface PushOptions {
  /** Failures become warnings. */
  readonly ignoreFailures: boolean;
  readonly quiet: boolean;
}

/** Pushes the images that `services` build. */
export async function pushImages(
  context: CommandContext,
  project: Project,
  services: readonly Service[],
  { ignoreFailures, quiet }: PushOptions,
): Promise<void> {
  const references = new Set<string>();
  const skipped: string[] = [];
  for (const { name, image, build } of services) {
    if (build === undefined || image === undefined) skipped.push(name);
    else for (const reference of [image, ...(build.tags ?? [])]) references.add(reference);
  }
  const engine = await context.engine(project.name);
  const failures: WindlassError[] = [];
  await withProgress(context, { title: 'Pushing', quiet }, async (progress) => {
    for (const name of skipped) progress.onEvent({ id: name, status: 'Skipped', kind: 'done' });
    const queue = [...references];
    const workers = Array.from({ length: workersFor(context, queue.length) }, async () => {
      for (let reference = queue.shift(); reference !== undefined; reference = queue.shift())
        await pushOne(context, engine, reference, progress, failures);
    });
    await Promise.all(workers);
    if (!ignoreFailures) throwFailures(failures);
  });
  for (const failure of ignoreFailures ? failures : []) context.warn(failure.message);
}

const workersFor = ({ globals }: CommandContext, count: number): number =>
  globals.parallel > 0 ? Math.min(globals.parallel, count) : count;

async function pushOne(
  context: CommandContext,
  engine: Engine,
  reference: string,
  { onEvent }: Progress,
  failures: WindlassError[],
): Promise<void> {
  const id = `Image ${reference}`;
  onEvent({ id, status: 'Pushing', kind: 'working' });
  if (!context.globals.dryRun) {
    try {
      await engine.pushImage(
        reference,
        { onProgress: (layer) => layer.layer !== '' && onEvent(layerEvent(id, layer)) },
        context.signal,
      );
    } catch (error) {
      if (isAbort(error) || context.signal.aborted) throw error;
      onEvent({ id, status: 'Error', kind: 'error', text: messageOf(error) });
      failures.push(
        error instanceof WindlassError ? error : new WindlassError('PUSH', messageOf(error), { cause: error }),
      );
      return;
    }
  }
  onEvent({ id, status: 'Pushed', kind: 'done' });
}

const layerEvent = (parentId: string, { layer, status, current, total }: PullProgress) => ({
  id: layer,
  parentId,
  status,
  kind: /^(pushed|layer already exists)$/i.test(status) ? ('done' as const) : ('working' as const),
  ...(current === undefined ? {} : { current }),
  ...(total === undefined ? {} : { total }),
});
