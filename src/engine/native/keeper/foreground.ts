// `engine run --restart`: the keeper takes the place of this process, so that whoever watches it (a terminal, systemd) watches
// the keeper.
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { HostError } from '../../../errors.ts';
import { realNativeHost } from '../host.ts';
import { holdRoot } from '../lock.ts';
import { findProgram } from '../programs.ts';
import { argumentsOf, prepareGround } from './prepare.ts';
import type { StartOptions } from './start.ts';

/** Returns only if `signal` told it to end before the keeper began; throws when the keeper cannot begin. */
export async function foregroundKeeper(options: StartOptions, signal: AbortSignal): Promise<void> {
  const host = realNativeHost();
  const { place } = options;
  await prepareGround(host, place);
  // Tells who holds the root, in words; the keeper takes it a moment later.
  await (await holdRoot(place.run)).release();
  // It stays where it was started: a terminal or systemd watches it there.
  const args = argumentsOf(options, []);
  const program = await findProgram(host.files, 'perl');
  if (program === undefined || process.execve === undefined)
    throw new HostError('this Node.js cannot run another program in its place', { hint: 'use Node.js 22.15 or later' });
  // What was told up to now is lost with this program: its handlers run once more, and then the keeper's do.
  await turnOfTheLoop();
  if (signal.aborted) return;
  process.execve(program, ['perl', ...args], options.env as Record<string, string>);
}
