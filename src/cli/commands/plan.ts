// `plan`: what `up` (or `down`) would change, in which order and why. Looks at the engine through a client that cannot write.
import { writeFile } from 'node:fs/promises';
import { HostError, messageOf, UsageError } from '../../errors.ts';
import { upOptions } from '../../planner/options.ts';
import type { Plan } from '../../planner/plan.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { planFlags } from '../declarations/core.ts';
import { loadOrRebuildTarget, loadRunnable } from '../project.ts';
import { readOnlyEngine } from '../read-only-engine.ts';
import { removeOrphans } from './shared-options.ts';
import { checkPlanFlags, requireServices, upPlanOptions } from './up-options.ts';

type PlanFlags = FlagValues<typeof planFlags>;

const FORMATS: readonly string[] = ['text', 'tree', 'json'];
/** The exit code of a plan that is not empty. */
const SOMETHING_TO_DO = 2;

export const run: CommandRun<typeof planFlags> = async (context, flags, args) => {
  checkFlags(flags);
  const { plan, json } = flags.down ? await planOfDown(context, flags, args) : await planOfUp(context, flags, args);
  if (flags.out !== undefined) await write(flags.out, json);
  if (flags.json || flags.format === 'json') context.io.stdout.write(`${json.trimEnd()}\n`);
  else if (flags.format === 'tree') {
    const { formatPlanTree } = await import('../../planner/plan-tree.ts');
    context.io.stdout.write(formatPlanTree(plan));
  } else {
    const { formatPlan } = await import('../../planner/plan-text.ts');
    context.io.stdout.write(formatPlan(plan));
  }
  return plan.steps.length === 0 ? 0 : SOMETHING_TO_DO;
};

interface Made {
  readonly plan: Plan;
  readonly json: string;
}

async function planOfUp(context: CommandContext, flags: PlanFlags, args: readonly string[]): Promise<Made> {
  const target = await loadRunnable(context, args, { look: true });
  const { project } = target;
  requireServices(project, context.globals.allResources);
  const given = { ...flags, 'quiet-pull': false, wait: false, 'wait-timeout': undefined };
  const options = upOptions(upPlanOptions(context, given, target));
  const [{ observeProject }, { planUp }, { explainPlan }, { planToJson }, { projectDigest }] = await Promise.all([
    import('../../planner/observe.ts'),
    import('../../planner/reconcile.ts'),
    import('../../planner/explain-plan.ts'),
    import('../../planner/plan-json.ts'),
    import('../../planner/plan-basis.ts'),
  ]);
  const engine = readOnlyEngine(await context.engine(project.name));
  const observation = await observeProject(engine, project, context.signal);
  const plan = await explainPlan(engine, project, planUp(project, observation, options), context.signal);
  const basis = flags.out === undefined ? undefined : { digest: projectDigest(project, observation), options };
  return { plan, json: planToJson(plan, basis) };
}

async function planOfDown(context: CommandContext, flags: PlanFlags, args: readonly string[]): Promise<Made> {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const [{ observeProject }, { planDown }, { planToJson }] = await Promise.all([
    import('../../planner/observe.ts'),
    import('../../planner/reconcile.ts'),
    import('../../planner/plan-json.ts'),
  ]);
  const engine = readOnlyEngine(await context.engine(project.name));
  const observation = await observeProject(engine, project, context.signal);
  const plan = planDown(project, observation, {
    services,
    removeOrphans: removeOrphans(context, flags['remove-orphans']),
    volumes: flags.volumes,
    images: flags.rmi === 'local' || flags.rmi === 'all' ? flags.rmi : 'none',
    timeoutSeconds: flags.timeout,
  });
  return { plan, json: planToJson(plan) };
}

function checkFlags(flags: PlanFlags): void {
  checkPlanFlags(flags);
  if (!FORMATS.includes(flags.format))
    throw new UsageError(`unsupported format value "${flags.format}"`, { hint: `use one of ${FORMATS.join(', ')}` });
  if (!flags.down && (flags.volumes || flags.rmi !== undefined))
    throw new UsageError('--volumes and --rmi belong to a plan of "down"', { hint: 'add --down' });
  if (flags.down && flags.out !== undefined)
    throw new UsageError('a plan of "down" cannot be kept', { hint: 'run "windlass down" when it is what you want' });
  if (flags.rmi !== undefined && flags.rmi !== 'local' && flags.rmi !== 'all')
    throw new UsageError(`invalid value for --rmi: "${flags.rmi}"`, { hint: 'use "local" or "all"' });
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new HostError(`cannot write the plan: ${messageOf(error)}`, {
      cause: error,
      hint: 'choose another file with --out',
    });
  }
}
