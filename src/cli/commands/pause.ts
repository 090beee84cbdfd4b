// `pause`: freezes the running containers of some or all services.
import type { CommandRun } from '../declaration.ts';
import type { noFlags } from '../declarations/core.ts';
import { withProgress } from '../output/progress.ts';

export const run: CommandRun<typeof noFlags> = async (context, _flags, args) => {
  const project = await context.loadProject({ services: args });
  const engine = await context.engine(project.name);
  await withProgress(context, {}, async ({ onEvent }) => {
    const observed = await engine.observe(project.name, context.signal);
    for (const container of observed.containers.filter((candidate) => candidate.state === 'running')) {
      await engine.pauseContainer(container.id, context.signal);
      onEvent({ id: `Container ${container.name}`, status: 'Paused', kind: 'done' });
    }
  });
  return 0;
};
