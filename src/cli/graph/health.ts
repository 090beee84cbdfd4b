// How each service fares, from its containers: of several the worst counts.
import type { ObservedContainer } from '../../engine/engine.ts';
import type { Project } from '../../model.ts';
import { LABEL } from '../../names.ts';
import type { Health } from './model.ts';

/** From worst to best. */
const ORDER: readonly Health[] = [
  'failed',
  'unhealthy',
  'stopped',
  'starting',
  'completed',
  'running',
  'healthy',
  'absent',
];

/** Every enabled service; one without containers is `absent`. */
export function healthByService(project: Project, containers: readonly ObservedContainer[]): Record<string, Health> {
  const found: Record<string, Health> = Object.fromEntries(
    Object.keys(project.services).map((name) => [name, 'absent']),
  );
  for (const container of containers) {
    const service = container.labels[LABEL.service] ?? '';
    const known = found[service];
    if (known === undefined || container.labels[LABEL.oneOff] === 'True') continue;
    const health = healthOf(container);
    if (ORDER.indexOf(health) < ORDER.indexOf(known)) found[service] = health;
  }
  return found;
}

/** What SIGTERM and SIGKILL leave, with which containers are stopped. */
const STOPPED = [128 + 15, 128 + 9];

function healthOf({ state, health, exitCode }: ObservedContainer): Health {
  switch (state) {
    case 'running':
      return health ?? 'running';
    case 'restarting':
      return 'starting';
    case 'exited':
    case 'dead':
      if (exitCode === undefined || exitCode === 0) return 'completed';
      return STOPPED.includes(exitCode) ? 'stopped' : 'failed';
    default:
      return 'stopped';
  }
}
