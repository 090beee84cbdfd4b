// Volumes at rest while they are read: by the hooks that a volume declares, else by pausing whoever has it open.
//
//   volumes:
//     database:
//       x-windlass:
//         snapshot:
//           service: db
//           before: [sh, -c, "…"]   # the volume is consistent when this has ended
//           after: [sh, -c, "…"]    # runs whatever became of the reading
import type { Engine, ObservedContainer } from '../../engine/engine.ts';
import type { Project, Volume } from '../../model.ts';
import { LABEL } from '../../names.ts';
import { VolumeError } from './volume-error.ts';

export interface SnapshotHook {
  readonly service: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** What a volume's `x-windlass.snapshot` says; undefined where it says nothing. Throws VolumeError where it makes no sense. */
export function snapshotHook(key: string, volume: Volume): SnapshotHook | undefined {
  const own = volume['x-windlass'];
  if (typeof own !== 'object' || own === null || !('snapshot' in own)) return undefined;
  const hook = own.snapshot as { service?: unknown; before?: unknown; after?: unknown } | null;
  const command = (value: unknown): readonly string[] | undefined =>
    value === undefined
      ? []
      : Array.isArray(value) && value.every((word) => typeof word === 'string')
        ? (value as string[])
        : undefined;
  const [before, after] = [command(hook?.before), command(hook?.after)];
  if (typeof hook?.service !== 'string' || before === undefined || after === undefined)
    throw new VolumeError(`volumes.${key}.x-windlass.snapshot is not {service, before, after}`, {
      hint: 'name a service, and give each command as a list of words',
    });
  return { service: hook.service, before, after };
}

export interface Quiet {
  /** Ids of containers to pause. */
  readonly pause: readonly string[];
  readonly hooks: readonly { readonly container: string; readonly hook: SnapshotHook }[];
}

/** What brings these volumes to rest. Pure. */
export function planQuiet(project: Project, keys: readonly string[], containers: readonly ObservedContainer[]): Quiet {
  const running = containers.filter(({ state }) => state === 'running');
  const pause = new Set<string>();
  const hooks: Quiet['hooks'][number][] = [];
  for (const key of keys) {
    const volume = project.volumes[key];
    if (volume === undefined) continue;
    const users = running.filter(({ mounts }) =>
      mounts.some(({ type, name }) => type === 'volume' && name === volume.name),
    );
    const hook = snapshotHook(key, volume);
    if (hook === undefined) {
      for (const { id, mounts } of users)
        if (mounts.some(({ name, readWrite }) => name === volume.name && readWrite)) pause.add(id);
      continue;
    }
    const own = running.find(({ labels }) => labels[LABEL.service] === hook.service);
    // Nobody runs who could change anything.
    if (own !== undefined) hooks.push({ container: own.id, hook });
    else if (users.length > 0)
      throw new VolumeError(`volumes.${key}.x-windlass.snapshot names service "${hook.service}", which does not run`, {
        hint: `start it with "windlass up -d ${hook.service}"`,
      });
  }
  return { pause: [...pause].sort(), hooks };
}

/** Does the work while the volumes are at rest, and sets everything going again whatever came of it. */
export async function whileQuiet<T>(
  engine: Engine,
  quiet: Quiet,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const undo: (() => Promise<void>)[] = [];
  const attempt = async (): Promise<T> => {
    for (const { container, hook } of quiet.hooks) {
      undo.push(() => runHook(engine, container, hook.after));
      await runHook(engine, container, hook.before, signal);
    }
    for (const id of quiet.pause) {
      await engine.pauseContainer(id, signal);
      undo.push(() => engine.unpauseContainer(id));
    }
    return work();
  };
  const [result] = await Promise.allSettled([attempt()]);
  const undone = await Promise.allSettled(undo.reverse().map((step) => step()));
  if (result.status === 'rejected') throw result.reason;
  for (const one of undone) if (one.status === 'rejected') throw one.reason;
  return result.value;
}

async function runHook(
  engine: Engine,
  container: string,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  if (command.length === 0) return;
  const exec = await engine.createExec(
    container,
    { command, tty: false, attachStdin: false, attachOutput: true },
    signal,
  );
  const streams = await exec.start({ detach: false, tty: false });
  let said = '';
  const read = async (stream: AsyncIterable<Buffer> | undefined): Promise<void> => {
    for await (const chunk of stream ?? []) said = (said + chunk.toString()).slice(-2000);
  };
  await Promise.all([read(streams?.stdout), read(streams?.stderr)]);
  const code = await exec.exitCode();
  if (code !== 0)
    throw new VolumeError(`the snapshot hook "${command.join(' ')}" ended with status ${code}: ${said.trim()}`);
}
