// Makes a running project what its changed files say, and tells what that means for each container, network and volume.
import type { Project } from '../../model.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import type { Plan, Verdict } from '../../planner/plan.ts';
import { separatorOf } from '../commands/shared-options.ts';
import type { CommandContext } from '../context.ts';
import { linesProgress } from '../output/progress.ts';
import { perform } from '../perform.ts';

export interface ApplyOptions {
  readonly project: Project;
  readonly services: readonly string[];
  readonly build: BuildSettings;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

export async function applyChanges(context: CommandContext, options: ApplyOptions): Promise<void> {
  const { project, services, build, log, signal } = options;
  const { planUp, upOptions } = await import('../../planner/reconcile.ts');
  const told = new Set<string>();
  const tell = (plan: Plan): void => {
    for (const line of differences(plan)) if (!told.has(line)) log(line);
    for (const line of differences(plan)) told.add(line);
    if (told.size === 0 && !plan.continues) log('nothing has to change');
  };
  await perform(context, {
    project,
    build,
    signal,
    progress: linesProgress(context),
    onOutput: (source, text) => log(`${source} ${text}`),
    onPlan: tell,
    plan: (observation, round) =>
      planUp(
        project,
        observation,
        upOptions({ services, orphans: 'ignore', separator: separatorOf(context), now: Date.now(), ...round }),
      ),
  });
}

/** `container shop-web-1: recreate (environment differs)` for all that does not stay as it is. */
const differences = ({ verdicts }: Plan): string[] =>
  verdicts
    .filter(({ decision }) => !STAYS.has(decision))
    .map(({ resource, decision, reason }) => `${resource}: ${decision} (${reason})`);

const STAYS: ReadonlySet<Verdict['decision']> = new Set(['keep', 'foreign']);
