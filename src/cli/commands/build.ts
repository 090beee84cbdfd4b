// `build`: makes the images of services that have a `build` section.
import { UsageError } from '../../errors.ts';
import type { Project, Service } from '../../model.ts';
import { buildContexts } from '../../planner/build-order.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import { parseSize } from '../../units.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { buildFlags } from '../declarations/image.ts';
import { perform } from '../perform.ts';
import { loadTarget } from '../project.ts';
import { planBuild } from './image-plans.ts';
import { selectedServices } from './selected-services.ts';
import { separatorOf } from './shared-options.ts';

export const run: CommandRun<typeof buildFlags> = async (context, flags, args) => {
  const settings = settingsOf(context, flags);
  // Builds may use what no service runs, so nothing is dropped from the model.
  const { project, services: named } = await loadTarget(context, args, { allResources: true });
  const services = servicesToBuild(project, named, flags['with-dependencies']);
  if (services.length === 0) {
    context.warn('no services to build');
    return 0;
  }
  if (flags.print) {
    const { bakeFile } = await import('./bake-file.ts');
    context.io.stdout.write(`${JSON.stringify(bakeFile(project, services, settings), null, 2)}\n`);
    return 0;
  }
  // A service that is not enabled is built where another's image stands on its.
  const all = { ...project.services, ...Object.fromEntries(services.map((service) => [service.name, service])) };
  await perform(context, {
    project: { ...project, services: all },
    title: 'Building',
    exclusive: false,
    quiet: flags.quiet,
    build: settings,
    plan: () => planBuild(project, services, separatorOf(context)),
  });
  return 0;
};

/** Those named, or all, that can be built; with the services whose images they build upon. */
function servicesToBuild(project: Project, named: readonly string[], withDependencies: boolean): Service[] {
  const found = new Map<string, Service>();
  const take = (service: Service | undefined): void => {
    if (service?.build === undefined || found.has(service.name)) return;
    for (const name of buildContexts(service)) take(project.services[name] ?? project.disabledServices[name]);
    found.set(service.name, service);
  };
  for (const service of selectedServices(project, named, withDependencies)) take(service);
  return [...found.values()];
}

function settingsOf(context: CommandContext, flags: FlagValues<typeof buildFlags>): BuildSettings {
  const builder = flags.builder ?? (context.env.BUILDX_BUILDER || undefined);
  return {
    args: Object.fromEntries(flags['build-arg'].map(argument)),
    separator: separatorOf(context),
    quiet: flags.quiet,
    ...(flags['no-cache'] ? { noCache: true } : {}),
    ...(flags.pull ? { pull: true } : {}),
    ...(flags.push ? { push: true } : {}),
    ...(flags.check ? { check: true } : {}),
    ...(flags.memory ? { memory: memoryLimit(flags.memory) } : {}),
    ...(builder === undefined ? {} : { builder }),
    ...(flags.ssh === undefined ? {} : { ssh: [sshKey(flags.ssh)] }),
    ...(flags.provenance === undefined ? {} : { provenance: flags.provenance }),
    ...(flags.sbom === undefined ? {} : { sbom: flags.sbom }),
  };
}

/** `KEY=value`, or `KEY` alone, which takes its value from the environment. */
function argument(text: string): [string, string | null] {
  const sign = text.indexOf('=');
  return sign < 0 ? [text, null] : [text.slice(0, sign), text.slice(sign + 1)];
}

/** Bytes of `512m`. */
function memoryLimit(text: string): number {
  const size = parseSize(text);
  if (size !== undefined) return Number(size);
  throw new UsageError(`invalid argument "${text}" for "-m, --memory" flag: invalid size: '${text}'`, {
    hint: 'give a number of bytes, or one with a unit, such as 512m or 2g',
  });
}

/** `default`, or `id=path`. */
function sshKey(text: string): string {
  if (text === '') return 'default';
  if (text !== 'default' && !text.includes('='))
    throw new UsageError(`invalid ssh key "${text}"`, { hint: 'use "default", or id=path of a key or socket' });
  return text;
}
