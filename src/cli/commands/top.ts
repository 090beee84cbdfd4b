// `top`: the processes of every running container of the project.
import type { ProcessTable } from '../../engine/engine.ts';
import { byName, serviceOf } from '../../engine/project-container.ts';
import { LABEL } from '../../names.ts';
import type { CommandRun } from '../declaration.ts';
import type { topFlags } from '../declarations/view.ts';
import { printList } from '../output/print-list.ts';
import { TOP_TABLE } from '../output/tabwriter.ts';
import { projectSeen } from '../project-name.ts';
import { selectContainers } from '../select-containers.ts';
import { checkServices } from '../service-arguments.ts';

export interface ContainerProcesses {
  readonly service: string;
  readonly number: string;
  readonly table: ProcessTable;
}

export const run: CommandRun<typeof topFlags> = async (context, flags, args) => {
  const seen = await projectSeen(context);
  const engine = await context.engine(seen.name);
  const containers = await engine.listContainers(seen.name, context.signal);
  checkServices(context, args, seen, containers);
  const chosen = selectContainers(containers, { services: args, oneOffs: true, stopped: false }).sort(byName);
  const tables = await Promise.all(
    chosen.map(async (container) => ({
      service: serviceOf(container),
      number: container.labels[LABEL.number] ?? '',
      table: await engine.top(container.id, context.signal),
    })),
  );
  const { titles, rows } = collect(tables);
  // docker compose prints no header when there is nothing to show.
  if (rows.length > 0 || flags.format !== 'table')
    context.io.stdout.write(
      printList(flags.format, {
        headers: titles,
        rows: rows.map((row) => titles.map((title) => row[title] ?? '-')),
        json: rows,
        tabs: TOP_TABLE,
      }),
    );
  return 0;
};

/** One table of all processes, whatever columns each container gives; CMD stays at the right. */
export function collect(containers: readonly ContainerProcesses[]): {
  titles: readonly string[];
  rows: readonly Readonly<Record<string, string>>[];
} {
  const rows = containers.flatMap(({ service, number, table }) =>
    table.processes.map((process) => ({
      SERVICE: service,
      '#': number,
      ...Object.fromEntries(table.titles.map((title, at) => [title, process[at] ?? ''])),
    })),
  );
  const known = new Set(['SERVICE', '#', ...containers.flatMap(({ table }) => table.titles)]);
  const hasCommand = known.delete('CMD');
  return { titles: hasCommand ? [...known, 'CMD'] : [...known], rows };
}
