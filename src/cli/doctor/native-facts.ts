// Whether the native engine can run here: everything that this machine lacks for it, why it matters, and how to get it.
import { type NativeHost, realNativeHost } from '../../engine/native/host.ts';
import { type Lack, machineLacks } from '../../engine/native/lacks.ts';
import { readSettings } from '../../engine/native/settings.ts';
import { rootIds } from '../../engine/native/user-namespaces/id-mapping.ts';
import { DEFAULT, DEFAULT_USER, remapping } from '../../engine/native/user-namespaces/remap.ts';
import { WindlassError } from '../../errors.ts';
import type { Finding } from './report.ts';

export interface NativeFacts {
  readonly findings: readonly Finding[];
  /** A command that needs it would start it. */
  readonly canRun: boolean;
}

export async function nativeFacts(): Promise<NativeFacts> {
  const host = realNativeHost();
  const lacks = await machineLacks(host);
  if (lacks.length > 0) return { findings: lacks.map(finding), canRun: false };
  const users = await usersOfContainers(host);
  const all = 'this machine has all that it needs';
  return {
    findings: [{ topic: 'native', name: 'native engine', verdict: 'ok', detail: all }, users],
    canRun: users.verdict !== 'problem',
  };
}

/** Who root in a container is on this machine, by the configuration file. Changes nothing: the user of "default" may be made later. */
export async function usersOfContainers(host: NativeHost): Promise<Finding> {
  const own = { topic: 'native', name: 'users' };
  try {
    const { usernsRemap } = await readSettings(host);
    if (usernsRemap === '')
      return { ...own, verdict: 'info', detail: 'not remapped: root in a container is root here ("userns-remap")' };
    const ids = usernsRemap === DEFAULT ? undefined : rootIds(await remapping(host, usernsRemap));
    const who = ids ? `${ids.uid}:${ids.gid}` : `the first subordinate id of "${DEFAULT_USER}"`;
    return { ...own, verdict: 'ok', detail: `remapped to "${usernsRemap}": root in a container is ${who} here` };
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
    const { message, hint } = error;
    return { ...own, verdict: 'problem', detail: message, ...(hint === undefined ? {} : { hint }) };
  }
}

const finding = ({ what, why, remedy, debian }: Lack): Finding => ({
  topic: 'native',
  name: 'lacking',
  verdict: 'missing',
  detail: `${what}: ${why}`,
  hint: debian === undefined ? remedy : `apt-get install ${debian}`,
});
