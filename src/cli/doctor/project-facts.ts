// The Compose files that a command here would read.
import { SpecError } from '../../diagnostics.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { Finding } from './report.ts';

export async function projectFindings(context: CommandContext): Promise<Finding[]> {
  const base = { topic: 'project', name: 'compose files' } as const;
  const { loadProject } = await import('../../spec/load.ts');
  try {
    const { project, warnings } = await loadProject(context.loadOptions({ profiles: ['*'] }));
    const services = Object.keys(project.services).sort();
    return [
      { ...base, verdict: 'ok', detail: project.composeFiles.join(', ') },
      {
        topic: 'project',
        name: 'project',
        verdict: warnings.length === 0 ? 'ok' : 'info',
        detail: `"${project.name}" with ${services.length} service(s): ${services.join(', ')}`,
        ...(warnings.length === 0 ? {} : { hint: `"windlass config -q" tells ${warnings.length} warning(s)` }),
      },
    ];
  } catch (error) {
    if (error instanceof SpecError)
      return [
        { ...base, verdict: 'problem', detail: `${error.diagnostics.length} problem(s)`, hint: 'windlass config -q' },
      ];
    if (error instanceof WindlassError) return [{ ...base, verdict: 'info', detail: messageOf(error) }];
    throw error;
  }
}
