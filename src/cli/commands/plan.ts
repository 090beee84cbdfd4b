// `plan`: what `up` would change, in which order and why. Looks at the engine and changes nothing.
import { UsageError } from '../../errors.ts';
import { upOptions } from '../../planner/options.ts';
import type { CommandRun } from '../declaration.ts';
import type { planFlags } from '../declarations/core.ts';
import { loadTarget } from '../project.ts';
import { readOnlyEngine } from '../read-only-engine.ts';
import { checkPlanFlags, requireServices, upPlanOptions } from './up-options.ts';

export const run: CommandRun<typeof planFlags> = async (context, flags, args) => {
  checkPlanFlags(flags);
  if (flags.format !== 'text' && flags.format !== 'json')
    throw new UsageError(`unsupported format value "${flags.format}"`, { hint: 'use "text" or "json"' });
  const target = await loadTarget(context, args);
  requireServices(target.project, context.globals.allResources);
  const options = upPlanOptions(
    context,
    { ...flags, 'quiet-pull': false, wait: false, 'wait-timeout': undefined },
    target,
  );
  const [{ observeProject }, { planUp }, { formatPlan }, { planToJson }] = await Promise.all([
    import('../../planner/observe.ts'),
    import('../../planner/reconcile.ts'),
    import('../../planner/plan-text.ts'),
    import('../../planner/plan-json.ts'),
  ]);
  const engine = readOnlyEngine(await context.engine(target.project.name));
  const observation = await observeProject(engine, target.project, context.signal);
  const plan = planUp(target.project, observation, upOptions(options));
  context.io.stdout.write(flags.format === 'json' ? `${planToJson(plan).trimEnd()}\n` : formatPlan(plan));
  return 0;
};
