// `exec`: a command inside a running container, or with --all inside every one of a service.

import type { Engine, ExecRequest, ObservedContainer } from '../../engine/engine.ts';
import { InterruptedError, UsageError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { execFlags } from '../declarations/run.ts';
import { execEverywhere } from '../exec-everywhere.ts';
import { projectName } from '../project-name.ts';
import { byNumber, notRunning, oneContainer, selectContainers } from '../select-containers.ts';
import { chooseTty } from '../terminal/choose-tty.ts';
import { detachKeysFor } from '../terminal/configured-keys.ts';
import { runSession } from '../terminal/session.ts';
import { followSize } from '../terminal/tty-size.ts';

type ExecFlags = FlagValues<typeof execFlags>;

export const run: CommandRun<typeof execFlags> = async (context, flags, [service = '', ...command]) => {
  const { all, index } = flags;
  if (all && index > 0) throw new UsageError('--all and --index are incompatible');
  const request = execRequest(context, flags, command);
  const name = await projectName(context);
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, context.signal);
  if (all) {
    const chosen = selectContainers(containers, { services: [service], oneOffs: false, stopped: false }).sort(byNumber);
    if (chosen.length === 0) throw notRunning(containers, service);
    return execEverywhere(context, engine, chosen, { ...request, tty: false, attachStdin: false }, flags.detach);
  }
  const container = oneContainer(containers, service, index, { oneOffs: true, stopped: false });
  return execOne(context, engine, container, request, flags);
};

function execRequest(context: CommandContext, flags: ExecFlags, command: readonly string[]): ExecRequest {
  const { detach } = flags;
  const interactive = flags.interactive ?? true;
  const tty = chooseTty({ noTty: flags['no-tty'], tty: flags.tty, interactive, detach }, context.io);
  return {
    command,
    environment: flags.env.flatMap((entry) => resolveVariable(entry, context.env)),
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
    privileged: flags.privileged,
    tty,
    attachStdin: !detach && interactive,
    attachOutput: !detach,
  };
}

/** `KEY=value` as it is; `KEY` alone takes the value it has here, and is left out where it has none. */
function resolveVariable(entry: string, env: Readonly<Record<string, string>>): string[] {
  if (/^(=|$)/.test(entry))
    throw new UsageError(`invalid environment variable: ${entry}`, { hint: 'write KEY=VALUE, or KEY alone' });
  if (entry.includes('=')) return [entry];
  const value = env[entry];
  return value === undefined ? [] : [`${entry}=${value}`];
}

async function execOne(
  context: CommandContext,
  engine: Engine,
  container: ObservedContainer,
  request: ExecRequest,
  flags: ExecFlags,
): Promise<number> {
  const { io, signal } = context;
  const detachKeys = await detachKeysFor(context.env, undefined);
  if (context.globals.dryRun) return 0;
  const exec = await engine.createExec(container.id, request, signal);
  const streams = await exec.start({ detach: flags.detach, tty: request.tty });
  if (streams === undefined) return 0;
  const stopSize =
    request.tty && io.stdout.isTTY ? followSize(io.stdout, (columns, rows) => exec.resize(columns, rows)) : () => {};
  try {
    const end = await runSession(streams, {
      io,
      tty: request.tty,
      stdin: request.attachStdin,
      closeStdin: true,
      detachKeys,
      signal,
    });
    if (signal.aborted) throw new InterruptedError();
    return end === 'detached' ? 0 : await exec.exitCode();
  } finally {
    stopSize();
  }
}
