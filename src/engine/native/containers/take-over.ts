// What an engine finds when it opens: containers that run on, containers that ended meanwhile, starts that were cut short.
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { memberOf } from './endpoints.ts';
import type { LifecycleTools } from './lifecycle-parts.ts';
import { isSameProcess } from './process.ts';
import { openPorts } from './publish.ts';
import { takeDown } from './take-down.ts';
import { type ContainerRecord, isLive } from './types.ts';

/** What is told where nobody knows. */
export const UNKNOWN_EXIT = 255;

/** A container whose end nobody saw: without an exit file its code is not known. */
export interface Ended {
  readonly record: ContainerRecord;
  readonly code: number;
}

/** The folders that the life of containers needs. */
export async function makeFolders({ host, paths }: LifecycleTools): Promise<void> {
  for (const folder of [paths.exits, paths.runtimeState, join(paths.run, 'containers')])
    await host.files.mkdir(folder, { recursive: true, mode: 0o711 });
}

/**
 * Serves those that run again, clears away what interrupted starts left, and returns those that ended meanwhile.
 * `exited` has the exit files that were there.
 */
export async function takeOver(tools: LifecycleTools, exited: ReadonlyMap<string, number>): Promise<Ended[]> {
  const { host, store, networks, volumes, paths } = tools;
  const survivors: ContainerRecord[] = [];
  const gone: Ended[] = [];
  const cutShort: ContainerRecord[] = [];
  for (const record of store.all()) {
    const { status, pid, pidStart } = record.state;
    const left = await host.files.stat(paths.container(record.id).bundle).catch(() => undefined);
    if (isLive(status)) {
      const code = exited.get(record.id);
      if (code === undefined && (await isSameProcess(host, pid, pidStart))) survivors.push(record);
      else gone.push({ record, code: code ?? UNKNOWN_EXIT });
    } else if (left) cutShort.push(record);
  }
  // First: a volume that a survivor has stays mounted.
  for (const record of survivors)
    for (const point of record.mounts) if (point.Name !== undefined) volumes.adopt(point.Name, record.id);
  for (const record of cutShort) await takeDown(tools, record);
  await networks.restore(survivors.map((record) => memberOf(record)));
  for (const record of survivors)
    await openPorts(networks, record, record.ports).catch((error: unknown) => debug('ports', () => messageOf(error)));
  return gone;
}
