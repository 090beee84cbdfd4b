// `scale`: as many containers of a service as asked for.
import { UsageError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { scaleFlags } from '../declarations/run.ts';
import { perform } from '../perform.ts';
import { loadRunnable } from '../project.ts';
import { separatorOf } from './shared-options.ts';

export const run: CommandRun<typeof scaleFlags> = async (context, flags, args) => {
  const scale = parseReplicas(args);
  const { project, services } = await loadRunnable(context, Object.keys(scale).sort());
  const { planUp, upOptions } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    title: 'Scaling',
    plan: (observation, round) =>
      planUp(
        project,
        observation,
        upOptions({
          ...round,
          services,
          scale,
          noDeps: flags['no-deps'],
          orphans: 'ignore',
          separator: separatorOf(context),
          now: Date.now(),
        }),
      ),
  });
  return 0;
};

/** Reads `web=3 worker=2`. */
export function parseReplicas(args: readonly string[]): Record<string, number> {
  const scale: Record<string, number> = {};
  for (const argument of args) {
    const at = argument.indexOf('=');
    const [name, count] = [argument.slice(0, Math.max(at, 0)), argument.slice(at + 1)];
    if (at < 0 || name === '' || count === '')
      throw new UsageError(`invalid scale specifier: ${argument}`, { hint: 'write SERVICE=NUMBER' });
    if (!/^\d+$/.test(count))
      throw new UsageError(`invalid scale specifier: can't parse replica value as int: ${argument}`, {
        hint: 'the number of replicas is a whole number, 0 or more',
      });
    scale[name] = Number(count);
  }
  return scale;
}
