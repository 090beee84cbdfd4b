// Which user namespace a container is put into. Namespaces belong to one: whoever shares another container's network, processes or
// memory has to be in that container's.

import { type NativeHost, runChecked } from '../host.ts';
import { conflict } from '../server/api-error.ts';
import { type IdMapping, mapText } from '../user-namespaces/id-mapping.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';

export interface UserNamespaceParts {
  readonly host: NativeHost;
  readonly store: ContainerStore;
  readonly remap: IdMapping | undefined;
}

/**
 * The file that leads to the user namespace which a container must be in, for it shares namespaces of others; undefined where it has
 * one of its own, or the host's. Throws where they are in different ones.
 */
export async function sharedUserNamespace(
  { host, store }: UserNamespaceParts,
  record: ContainerRecord,
): Promise<string | undefined> {
  if (record.ids === undefined) return undefined;
  const { NetworkMode: network, PidMode: pid, IpcMode: ipc } = record.hostConfig;
  const found = new Map<string, string>();
  for (const mode of [network, pid, ipc]) {
    if (!mode?.startsWith('container:')) continue;
    const donor = store.find(mode.slice('container:'.length));
    // Who needs its namespace tells that it does not run.
    if (!isLive(donor.state.status)) continue;
    if (!sameIds(record.ids, donor.ids))
      throw conflict(
        `cannot join a namespace of container ${donor.id}: it has other ids on the host${donor.ids === undefined ? ', those of the host itself: give this one the same with userns mode "host"' : ''}`,
      );
    const path = `/proc/${donor.state.pid}/ns/user`;
    found.set(await host.files.readlink(path), path);
  }
  if (found.size > 1) throw conflict('cannot join namespaces of containers that are in different user namespaces');
  return [...found.values()][0];
}

const sameIds = (one: IdMapping, other: IdMapping | undefined): boolean =>
  other !== undefined && textOf(one) === textOf(other);

const textOf = ({ users, groups }: IdMapping): string => `${mapText(users)}:${mapText(groups)}`;

/**
 * What a container was made with has to hold: where users are remapped by now, one that was made before, and did not ask for the
 * host's ids, does not start with them.
 */
export function requireMapping({ remap }: UserNamespaceParts, record: ContainerRecord): void {
  if (remap === undefined || record.ids !== undefined || record.hostConfig.UsernsMode === 'host') return;
  throw conflict(
    `container ${record.name} was made with the host's own ids, before this engine remapped users: remove it and make it anew, or with userns mode "host"`,
  );
}

/**
 * Gives a container that was made and does not run yet its NIS domain. The runtime would write a setting of the kernel for it, which
 * root of another user namespace than the host's may not.
 */
export async function nameDomain(
  host: NativeHost,
  { ids, config, hostConfig }: ContainerRecord,
  pid: number,
): Promise<void> {
  const { Domainname: domain = '' } = config;
  if (ids === undefined || domain === '' || hostConfig.UTSMode === 'host') return;
  const write = ['sh', '-c', 'printf %s "$1" > /proc/sys/kernel/domainname', 'sh', domain];
  await runChecked(host, 'nsenter', [`--uts=/proc/${pid}/ns/uts`, '--', ...write]);
}
