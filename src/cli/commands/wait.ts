// `wait`: blocks until the containers of the services have stopped, and passes an exit code on.
import type { ObservedContainer } from '../../engine/engine.ts';
import { isAbort, WindlassError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { waitFlags } from '../declarations/run.ts';
import { projectOrName } from '../project-name.ts';
import { selectContainers } from '../select-containers.ts';
import { checkServices } from '../service-arguments.ts';

/** docker compose's code for an engine that failed while waiting. */
const WAIT_FAILED = 42;

const ended = (containers: readonly ObservedContainer[], services: readonly string[]): ObservedContainer[] =>
  selectContainers(containers, { services, oneOffs: false, stopped: true }).filter(({ state }) => state === 'exited');

export const run: CommandRun<typeof waitFlags> = async (context, flags, args) => {
  const seen = await projectOrName(context);
  const { name } = seen;
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, context.signal);
  checkServices(context, args, seen, containers);
  const running = selectContainers(containers, { services: args, oneOffs: true, stopped: false });
  // What was quick has ended before anybody could wait for it; how it ended is known all the same.
  const chosen = running.length > 0 ? running : ended(containers, args);
  if (chosen.length === 0) throw new WindlassError('NO_CONTAINERS', `no containers for project "${name}"`);
  if (context.globals.dryRun) return 0;
  let last = 0;
  const waiting = chosen.map(async ({ id }) => {
    const code = await engine.waitContainer(id, context.signal);
    context.io.stdout.write(`container "${id}" exited with status code ${code}\n`);
    last = code;
  });
  try {
    await (flags['down-project'] ? Promise.race(waiting) : Promise.all(waiting));
  } catch (error) {
    if (isAbort(error) || !(error instanceof WindlassError)) throw error;
    throw new WindlassError(error.code, error.message, {
      cause: error,
      exitCode: WAIT_FAILED,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  if (flags['down-project']) {
    const exitCode = last;
    const { takeDown } = await import('../take-down.ts');
    // What is still running ends with the project; nobody waits for it any more.
    await Promise.all([takeDown(context, { removeOrphans: true }), Promise.allSettled(waiting)]);
    return exitCode;
  }
  return last;
};
