// A volume whose definition changed can only be made anew by losing its data: the user is asked, volume by volume.
import type { Project } from '../../model.ts';
import type { Observation } from '../../planner/observation.ts';
import type { CommandContext } from '../context.ts';
import { confirm } from '../terminal/confirm.ts';

export interface VolumeQuestion {
  /** Asks once, before anything is done. */
  readonly ask: (observation: Observation) => Promise<void>;
  /** Real names of the volumes that may be emptied. */
  readonly answer: () => readonly string[] | 'all';
}

/** With `--yes` nobody is asked; where there is no terminal, or in a dry run, the answer is no. */
export function askAboutVolumes(context: CommandContext, project: Project, yes: boolean): VolumeQuestion {
  const accepted: string[] = [];
  return {
    async ask(observation) {
      if (yes || context.globals.dryRun || !context.io.stdin.isTTY || Object.keys(project.volumes).length === 0) return;
      const { divergedVolumes } = await import('../../planner/reconcile-volumes.ts');
      for (const name of divergedVolumes(project, observation)) {
        const question = `Volume "${name}" exists but doesn't match configuration in compose file. Recreate (data will be lost)?`;
        if (await confirm(context, question)) accepted.push(name);
      }
    },
    answer: () => (yes ? 'all' : accepted),
  };
}
