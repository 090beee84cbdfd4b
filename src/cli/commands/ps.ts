// `ps`: the project's containers. One list request tells everything; nothing is inspected.

import { byName, serviceOf } from '../../engine/project-container.ts';
import { UsageError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import { noSuchService } from '../../no-such-service.ts';
import { suggestion } from '../../suggest.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { psFlags } from '../declarations/view.ts';
import { formatContainers } from '../output/container-row.ts';
import { projectOrName } from '../project-name.ts';
import { selectContainers } from '../select-containers.ts';
import { checkServices } from '../service-arguments.ts';

type PsFlags = FlagValues<typeof psFlags>;

export const run: CommandRun<typeof psFlags> = async (context, flags, args) => {
  const statuses = wantedStatuses(flags);
  const seen = await projectOrName(context, args);
  const { name, project } = seen;
  const services = wantedServices(project, flags.orphans, args);
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, context.signal);
  if (project === undefined) checkServices(context, args, seen, containers);
  const all = flags.all || statuses.length > 0;
  const chosen = selectContainers(containers, { services, oneOffs: all, stopped: all })
    .filter((container) => statuses.length === 0 || statuses.includes(container.state))
    .sort(byName);

  if (flags.quiet) context.io.stdout.write(chosen.map((container) => `${container.id}\n`).join(''));
  else if (flags.services) context.io.stdout.write(`${[...new Set(chosen.map(serviceOf))].join('\n')}\n`);
  else
    context.io.stdout.write(formatContainers(chosen, flags.format, { truncate: !flags['no-trunc'], now: Date.now() }));
  return 0;
};

/** In which a container can be; as the help of --status lists them. */
const STATUSES = ['paused', 'restarting', 'removing', 'running', 'dead', 'created', 'exited'] as const;

function wantedStatuses(flags: PsFlags): readonly string[] {
  const statuses = [...flags.status, ...filteredStatuses(flags)];
  for (const status of statuses)
    if (!STATUSES.some((known) => known === status))
      throw new UsageError(`no container can have the status "${status}"`, {
        hint: suggestion(status, STATUSES, `use one of ${STATUSES.join(', ')}`),
      });
  return statuses;
}

function filteredStatuses(flags: PsFlags): readonly string[] {
  if (flags.filter === undefined || flags.filter === '') return [];
  const [key, value] = splitOnce(flags.filter);
  if (value === undefined) throw new UsageError('arguments to --filter should be in form KEY=VAL');
  if (key !== 'status') throw new UsageError(`unknown filter ${key}`, { hint: 'only "status=…" is supported' });
  return [value];
}

const splitOnce = (text: string): readonly [string, string | undefined] => {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
};

function wantedServices(project: Project | undefined, orphans: boolean, args: readonly string[]): readonly string[] {
  if (project === undefined) return args;
  const missing = args.find((service) => project.services[service] === undefined);
  if (missing !== undefined) throw noSuchService(missing, Object.keys(project.services));
  return args.length > 0 || orphans ? args : Object.keys(project.services);
}
