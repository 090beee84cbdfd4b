// The flags of `engine run`, `start` and `install` as what they mean, and written out again for another process.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type EnginePlace, enginePlace } from '../../engine/native-place.ts';
import { UsageError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { FlagValues } from '../declaration.ts';
import type { enginePlaceFlags, engineStartFlags } from '../declarations/engine.ts';

export type StartFlags = FlagValues<typeof engineStartFlags>;

/** Members of this group may use the socket, where it exists. */
const USUAL_GROUP = 'windlass';

export const placeOf = (context: CommandContext, flags: FlagValues<typeof enginePlaceFlags>): EnginePlace =>
  enginePlace(flags, context.env, context.cwd);

/** The number of the group that may use the socket. */
export async function groupOf(name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const wanted = name === '' ? USUAL_GROUP : name;
  const line = groups.split('\n').find((text) => text.startsWith(`${wanted}:`));
  if (line !== undefined) return Number(line.split(':')[2]);
  if (name === '') return 0;
  throw new UsageError(`there is no group "${name}"`, { hint: `groupadd --system ${name}` });
}

/** `engine run` with the same flags, paths made absolute: for a process in another folder. */
export function runArguments(flags: StartFlags, place: EnginePlace, cwd: string): string[] {
  const text = (name: string, value: string): string[] => (value === '' ? [] : [`--${name}`, value]);
  const path = (name: 'tlscacert' | 'tlscert' | 'tlskey'): string[] =>
    flags[name] === '' ? [] : [`--${name}`, resolve(cwd, flags[name])];
  const sign = (name: 'tls' | 'tlsverify' | 'insecure-tcp'): string[] => (flags[name] ? [`--${name}`] : []);
  return [
    ...['engine', 'run', '--root', place.lib, '--run', place.run, '--socket', place.socket],
    ...text('group', flags.group),
    ...flags.host.flatMap((address) => ['--host', address]),
    ...sign('tls'),
    ...sign('tlsverify'),
    ...path('tlscacert'),
    ...path('tlscert'),
    ...path('tlskey'),
    ...sign('insecure-tcp'),
    ...text('userns-remap', flags['userns-remap']),
    ...(flags['idle-timeout'] === 0 ? [] : ['--idle-timeout', String(flags['idle-timeout'])]),
  ];
}

/** Node.js and this program, as they were started. */
export const thisProgram = (): string[] => [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
