// `bridge convert`: the project as Kubernetes resources, or whatever a transformation image makes of it.
import { basename, resolve } from 'node:path';
import { toKubernetes } from '../../bridge/kubernetes.ts';
import { contentsOf } from '../bridge/contents.ts';
import { transform } from '../bridge/transform.ts';
import { checkFolder, writeResources } from '../bridge/write.ts';
import type { CommandRun } from '../declaration.ts';
import type { convertFlags } from '../declarations/bridge.ts';

export const run: CommandRun<typeof convertFlags> = async (context, flags) => {
  const project = await context.loadProject();
  const folder = resolve(context.cwd, flags.output);
  checkFolder(folder);
  if (flags.transformation.length > 0 || flags.templates)
    return transform(context, project, {
      folder,
      images: flags.transformation,
      ...(flags.templates ? { templates: resolve(context.cwd, flags.templates) } : {}),
    });
  const { resources, gaps } = toKubernetes(project, await contentsOf(project));
  for (const gap of gaps) context.warn(gap);
  if (!context.globals.dryRun) await writeResources(folder, resources);
  for (const { path } of resources) context.io.stdout.write(`Kubernetes resource ${basename(path)} created\n`);
  return 0;
};
