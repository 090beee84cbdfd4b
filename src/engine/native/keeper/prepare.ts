// What every keeper needs before it begins, in the background (start.ts) or in the place of this process (foreground.ts).
import { dirname } from 'node:path';
import { makeFolder } from '../../../make-folder.ts';
import { EMBEDDED_DNS } from '../../../network/bridge.ts';
import { USUAL_PORT } from '../../../network/dns/server.ts';
import type { EnginePlace } from '../../native-place.ts';
import type { NativeHost } from '../host.ts';
import { lacksError, machineLacks } from '../lacks.ts';
import { lockName } from '../lock.ts';
import { keeperArguments } from './program.ts';

export interface KeeperOptions {
  readonly place: EnginePlace;
  readonly group: number;
  /** Starts the engine in the foreground: program and arguments. */
  readonly command: readonly string[];
}

/** @throws WindlassError that names everything the machine lacks. */
export async function prepareGround(host: NativeHost, place: EnginePlace): Promise<void> {
  const lacks = await machineLacks(host);
  if (lacks.length > 0) throw lacksError(lacks);
  await makeFolder(place.run, 0o711);
  await makeFolder(dirname(place.socket));
}

/** perl's arguments. A keeper without `cgroupRoots` stays in the cgroup that it was started in. */
export const argumentsOf = ({ place, group, command }: KeeperOptions, cgroupRoots: readonly string[]): string[] =>
  keeperArguments({
    lock: lockName(place.run),
    socket: place.socket,
    group,
    resolver: { address: EMBEDDED_DNS, port: USUAL_PORT },
    cgroupRoots,
    command,
  });
