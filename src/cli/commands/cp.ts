// `cp`: files between this machine and a service's containers: into all of them, or out of the first.

import type { ObservedContainer } from '../../engine/engine.ts';
import { UsageError, WindlassError } from '../../errors.ts';
import { copyIn, copyOut } from '../copy/transfer.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { cpFlags } from '../declarations/content.ts';
import { withProgress } from '../output/progress.ts';
import { projectName } from '../project-name.ts';
import { oneContainer, selectContainers } from '../select-containers.ts';

export const run: CommandRun<typeof cpFlags> = async (context, flags, [source = '', destination = '']) => {
  if (source === '') throw new UsageError('source can not be empty');
  if (destination === '') throw new UsageError('destination can not be empty');
  const [from, to] = [splitArgument(source), splitArgument(destination)];
  if (from.service !== '' && to.service !== '') throw new UsageError('copying between services is not supported');
  const service = from.service || to.service;
  if (service === '')
    throw new UsageError('unknown copy direction', { hint: 'write one of the paths as SERVICE:PATH' });

  const name = await projectName(context);
  const engine = await context.engine(name);
  await withProgress(context, { title: 'Copying' }, async ({ onEvent }) => {
    const containers = await engine.listContainers(name, context.signal);
    const found = targets(containers, service, flags);
    const chosen = from.service === '' ? found : found.slice(0, 1);
    await Promise.all(
      chosen.map(async (container) => {
        const inside = `${container.name}:${from.service === '' ? to.path : from.path}`;
        const text = from.service === '' ? `copy ${source} to ${inside}` : `copy ${inside} to ${destination}`;
        onEvent({ id: container.name, text, status: 'Copying', kind: 'working' });
        const transfer = {
          context,
          engine,
          container,
          from: from.path,
          to: to.path,
          followLink: flags['follow-link'],
          archive: flags.archive,
        };
        await (from.service === '' ? copyIn(transfer) : copyOut(transfer));
        onEvent({ id: container.name, text, status: 'Copied', kind: 'done' });
      }),
    );
  });
  return 0;
};

function targets(
  containers: readonly ObservedContainer[],
  service: string,
  flags: FlagValues<typeof cpFlags>,
): ObservedContainer[] {
  if (flags.index > 0) return [oneContainer(containers, service, flags.index, { oneOffs: false, stopped: true })];
  const found = selectContainers(containers, { services: [service], oneOffs: flags.all, stopped: true });
  if (found.length === 0)
    throw new WindlassError('NO_CONTAINERS', `no container found for service "${service}"`, {
      hint: `create it with "windlass create ${service}"; "windlass ps -a" lists what is there`,
    });
  return found;
}

/** `web:/etc` names a service; `/a:b` and `./a:b` are paths of this machine. */
export function splitArgument(argument: string): { service: string; path: string } {
  const colon = argument.indexOf(':');
  if (argument.startsWith('/') || argument.startsWith('.') || colon < 0) return { service: '', path: argument };
  return { service: argument.slice(0, colon), path: argument.slice(colon + 1) };
}
