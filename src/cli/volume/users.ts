// The containers that have volumes open: which of them can be stopped for a while, and stopping and starting them again.
import type { Engine, ObservedContainer } from '../../engine/engine.ts';
import { messageOf } from '../../errors.ts';
import { type ProgressListener, STATUS } from '../../events.ts';
import type { Project } from '../../model.ts';
import { LABEL } from '../../names.ts';
import { inDependencyOrder } from '../../planner/services.ts';
import { VolumeError } from '../../shipping/volumes/volume-error.ts';

/**
 * The project's running containers that use any of the volumes, dependencies first. Throws VolumeError where one cannot be
 * stopped and started again: a paused one, and one of somebody else's.
 */
export async function stoppableUsers(
  engine: Engine,
  project: Project,
  volumes: readonly string[],
  signal?: AbortSignal,
): Promise<ObservedContainer[]> {
  const found = new Map<string, ObservedContainer>();
  for (const volume of volumes)
    for (const container of await engine.listVolumeUsers(volume, signal)) {
      refuseUnlessOurs(project, volume, container);
      found.set(container.id, container);
    }
  const order = inDependencyOrder(project).map(({ name }) => name);
  const place = ({ labels }: ObservedContainer): number => order.indexOf(labels[LABEL.service] ?? '');
  return [...found.values()].sort((a, b) => place(a) - place(b));
}

function refuseUnlessOurs(project: Project, volume: string, { name, labels, state }: ObservedContainer): void {
  const owner = labels[LABEL.project];
  if (owner !== project.name)
    throw new VolumeError(
      `volume "${volume}" is used by container "${name}"${owner === undefined ? '' : ` of project "${owner}"`}`,
      { hint: 'stop that container first' },
    );
  if (state === 'paused')
    throw new VolumeError(`volume "${volume}" is used by container "${name}", which is paused`, {
      hint: 'let it go on with "windlass unpause", or stop it',
    });
  if (labels[LABEL.oneOff] === 'True')
    throw new VolumeError(`volume "${volume}" is used by container "${name}", which was made for one command`, {
      hint: 'wait until it has ended, or stop it',
    });
}

export interface StopOptions {
  readonly engine: Engine;
  /** Dependencies first. */
  readonly users: readonly ObservedContainer[];
  /** The containers' own unless given. */
  readonly timeoutSeconds: number | undefined;
  readonly onEvent: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Does the work while the containers are stopped. All that were stopped are started again, whatever came of it. */
export async function whileStopped<T>(options: StopOptions, work: () => Promise<T>): Promise<T> {
  const { engine, users, timeoutSeconds, onEvent, signal } = options;
  const stopped: ObservedContainer[] = [];
  const attempt = async (): Promise<T> => {
    for (const user of [...users].reverse()) {
      const id = `Container ${user.name}`;
      onEvent({ id, status: STATUS.stopping, kind: 'working' });
      stopped.unshift(user);
      await engine.stopContainer(user.id, timeoutSeconds, signal);
      onEvent({ id, status: STATUS.stopped, kind: 'done' });
    }
    return work();
  };
  const [result] = await Promise.allSettled([attempt()]);
  const failures: string[] = [];
  for (const user of stopped) {
    const id = `Container ${user.name}`;
    onEvent({ id, status: STATUS.starting, kind: 'working' });
    // Without the signal: an interrupted restore must not leave services down.
    await engine.startContainer(user.id).then(
      () => onEvent({ id, status: STATUS.started, kind: 'done' }),
      (error: unknown) => {
        onEvent({ id, status: STATUS.error, kind: 'error' });
        failures.push(`cannot start container "${user.name}" again: ${messageOf(error)}`);
      },
    );
  }
  if (result.status === 'rejected') throw result.reason;
  if (failures.length > 0)
    throw new VolumeError(`the volumes are done, but ${failures.join('; ')}`, { hint: 'run "windlass up -d"' });
  return result.value;
}
