// `commit`: a new image from what changed in a service's container.
import type { CommandRun } from '../declaration.ts';
import type { commitFlags } from '../declarations/content.ts';
import { withProgress } from '../output/progress.ts';
import { projectName } from '../project-name.ts';
import { oneContainer } from '../select-containers.ts';

export const run: CommandRun<typeof commitFlags> = async (context, flags, [service = '', reference]) => {
  const name = await projectName(context);
  const engine = await context.engine(name);
  await withProgress(context, { title: 'Committing' }, async ({ onEvent }) => {
    const containers = await engine.listContainers(name, context.signal);
    const container = oneContainer(containers, service, flags.index, { oneOffs: true, stopped: false });
    const text = `Commit ${container.name}`;
    onEvent({ id: container.name, text, status: 'Committing', kind: 'working' });
    if (context.globals.dryRun) {
      onEvent({ id: container.name, text, status: 'Committed', kind: 'done' });
      return;
    }
    const id = await engine.commitContainer(
      container.id,
      {
        ...(reference === undefined ? {} : { reference }),
        ...(flags.author === undefined ? {} : { author: flags.author }),
        ...(flags.message === undefined ? {} : { comment: flags.message }),
        changes: flags.change,
        pause: flags.pause,
      },
      context.signal,
    );
    onEvent({ id: container.name, text, status: `Committed as ${id}`, kind: 'done' });
  });
  return 0;
};
