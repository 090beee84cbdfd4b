// The native engine for commands that need an engine and find none: started in the background, ending by itself when idle.

import { enginePlace } from '../../engine/native-place.ts';
import type { NativeStarter } from '../../engine/select-engine.ts';
import { UsageError } from '../../errors.ts';

export interface OnDemandFacts {
  readonly env: Readonly<Record<string, string>>;
  /** A line for the user on standard error. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
  /** The command looks at what is there, or ends it: an engine that has nothing need not be started for it. */
  readonly looks: boolean;
}

/** An engine that was started on demand ends after so long without containers, connections or work. */
const IDLE_SECONDS = 60;

export function nativeStarter({ env, note, signal, looks }: OnDemandFacts): NativeStarter {
  const place = enginePlace({}, env);
  return {
    async has(project) {
      const { hasProject } = await import('../../engine/native/keeper/peek.ts');
      return hasProject(place, project);
    },
    async keeps() {
      if (!looks) return 'more';
      const { whatIsKept } = await import('../../engine/native/keeper/peek.ts');
      const kept = await whatIsKept(place);
      if (kept === 'more') return kept;
      // A machine on which it could not be started is to be told so.
      const [{ machineLacks }, { realNativeHost }] = await Promise.all([
        import('../../engine/native/lacks.ts'),
        import('../../engine/native/host.ts'),
      ]);
      return (await machineLacks(realNativeHost())).length > 0 ? 'more' : kept;
    },
    async start() {
      const { startEngine } = await import('../../engine/native/keeper/start.ts');
      const { groupOf, thisProgram } = await import('./serve-flags.ts');
      const group = await groupOf(env.WINDLASS_GROUP ?? '');
      const idle = idleSeconds(env.WINDLASS_IDLE_TIMEOUT);
      const { lib, run, socket } = place;
      const where = ['--root', lib, '--run', run, '--socket', socket];
      const command = [...thisProgram(), 'engine', 'run', ...where, '--idle-timeout', String(idle)];
      const started = await startEngine({ place, group, command, env, signal });
      if (started) note(`windlass: started the native engine (${socket})`);
    },
  };
}

function idleSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return IDLE_SECONDS;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`WINDLASS_IDLE_TIMEOUT must be a number of seconds (found: "${text}")`);
}
