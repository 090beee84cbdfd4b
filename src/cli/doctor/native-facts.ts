// Whether the native engine can run here: everything that this machine lacks for it, why it matters, and how to get it.
import { realNativeHost } from '../../engine/native/host.ts';
import { type Lack, machineLacks } from '../../engine/native/lacks.ts';
import type { Finding } from './report.ts';

export interface NativeFacts {
  readonly findings: readonly Finding[];
  /** A command that needs it would start it. */
  readonly canRun: boolean;
}

export async function nativeFacts(): Promise<NativeFacts> {
  const lacks = await machineLacks(realNativeHost());
  if (lacks.length > 0) return { findings: lacks.map(finding), canRun: false };
  return {
    findings: [{ topic: 'native', name: 'native engine', verdict: 'ok', detail: 'this machine has all that it needs' }],
    canRun: true,
  };
}

const finding = ({ what, why, remedy, debian }: Lack): Finding => ({
  topic: 'native',
  name: 'lacking',
  verdict: 'missing',
  detail: `${what}: ${why}`,
  hint: debian === undefined ? remedy : `apt-get install ${debian}`,
});
