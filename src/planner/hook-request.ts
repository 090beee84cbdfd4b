// A hook as a command for a running container.
import type { ExecRequest } from '../engine/engine.ts';
import type { Hook } from '../model.ts';

/** Its output is wanted; it gets no input. `KEY` alone in its environment is left to the engine. */
export const hookRequest = (hook: Partial<Hook>, tty: boolean): ExecRequest => ({
  command: hook.command ?? [],
  environment: Object.entries(hook.environment ?? {}).map(([key, value]) => (value === null ? key : `${key}=${value}`)),
  ...(hook.user === undefined ? {} : { user: hook.user }),
  ...(hook.working_dir === undefined ? {} : { workingDir: hook.working_dir }),
  ...(hook.privileged === undefined ? {} : { privileged: hook.privileged }),
  tty,
  attachStdin: false,
  attachOutput: true,
});
