// `engine run --restart`: the keeper takes the place of this process, so that whoever watches it (a terminal, systemd) watches
// the keeper.
import { dirname } from 'node:path';
import { HostError } from '../../../errors.ts';
import { makeFolder } from '../../../make-folder.ts';
import { EMBEDDED_DNS } from '../../../network/bridge.ts';
import { USUAL_PORT } from '../../../network/dns/server.ts';
import { realNativeHost } from '../host.ts';
import { lacksError, machineLacks } from '../lacks.ts';
import { holdRoot, lockName } from '../lock.ts';
import { findProgram } from '../programs.ts';
import { keeperArguments } from './program.ts';
import type { StartOptions } from './start.ts';

/** Does not return; throws when the keeper cannot begin. */
export async function foregroundKeeper({ place, group, command, env }: StartOptions): Promise<never> {
  const host = realNativeHost();
  const lacks = await machineLacks(host);
  if (lacks.length > 0) throw lacksError(lacks);
  await makeFolder(place.run, 0o711);
  await makeFolder(dirname(place.socket));
  // Tells who holds the root, in words; the keeper takes it a moment later.
  await (await holdRoot(place.run)).release();
  const resolver = { address: EMBEDDED_DNS, port: USUAL_PORT };
  // It stays where it was started: a terminal or systemd watches it there.
  const cgroupRoots: string[] = [];
  const args = keeperArguments({
    lock: lockName(place.run),
    socket: place.socket,
    group,
    resolver,
    cgroupRoots,
    command,
  });
  const program = await findProgram(host.files, 'perl');
  if (program === undefined || process.execve === undefined)
    throw new HostError('this Node.js cannot run another program in its place', { hint: 'use Node.js 22.15 or later' });
  return process.execve(program, ['perl', ...args], env as Record<string, string>);
}
