// `plan`: what `up` (or `down`) would change, in which order and why. Looks at the engine through a client that cannot write.
import { writeFile } from 'node:fs/promises';
import { UsageError } from '../../errors.ts';
import { upOptions } from '../../planner/options.ts';
import type { Plan } from '../../planner/plan.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { planFlags } from '../declarations/core.ts';
import { writing } from '../output/writing.ts';
import { loadOrRebuildTarget, loadRunnable } from '../project.ts';
import { readOnlyEngine } from '../read-only-engine.ts';
import { removeOrphans } from './shared-options.ts';
import { checkPlanFlags, requireServices, upPlanOptions } from './up-options.ts';

type PlanFlags = FlagValues<typeof planFlags>;

/** Format → how the plan is printed. JSON, which `--out` keeps as well, is no such form. */
const FORMS: Readonly<Record<string, () => Promise<(plan: Plan) => string>>> = {
  table: async () => (await import('../../planner/plan-table.ts')).formatPlanTable,
  tree: async () => (await import('../../planner/plan-tree.ts')).formatPlanTree,
  steps: async () => (await import('../../planner/plan-text.ts')).formatPlan,
};
const FORMATS: readonly string[] = [...Object.keys(FORMS), 'json'];
/** The exit code of a plan that is not empty. */
const SOMETHING_TO_DO = 2;

export const run: CommandRun<typeof planFlags> = async (context, flags, args) => {
  checkFlags(flags);
  const { plan, json } = flags.down ? await planOfDown(context, flags, args) : await planOfUp(context, flags, args);
  if (flags.out !== undefined) {
    const file = flags.out;
    // Names and settings of a project are nobody else's business.
    await writing('the plan', 'choose another file with --out', () => writeFile(file, json, { mode: 0o600 }));
  }
  const form = flags.json ? undefined : await FORMS[flags.format]?.();
  context.io.stdout.write(form === undefined ? `${json.trimEnd()}\n` : form(plan));
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
