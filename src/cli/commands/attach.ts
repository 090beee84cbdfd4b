// `attach`: the terminal or the pipes of this process joined to a running container's main process.
import type { ContainerDetails } from '../../engine/engine.ts';
import { InterruptedError, UsageError, WindlassError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { attachFlags } from '../declarations/run.ts';
import { projectName } from '../project-name.ts';
import { oneContainer } from '../select-containers.ts';
import { detachKeysFor } from '../terminal/configured-keys.ts';
import { forwardSignals } from '../terminal/forward-signals.ts';
import { runSession } from '../terminal/session.ts';
import { followSize, nudgeSize } from '../terminal/tty-size.ts';

export const run: CommandRun<typeof attachFlags> = async (context, flags, [service = '']) => {
  const { io, signal } = context;
  const detachKeys = await detachKeysFor(context.env, flags['detach-keys']);
  const name = await projectName(context);
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, signal);
  const { id } = oneContainer(containers, service, flags.index, { oneOffs: true, stopped: false });
  const details = await engine.inspectContainer(id, signal);
  checkState(details);
  if (!flags['no-stdin'] && details.tty && !io.stdin.isTTY)
    throw new UsageError('the input device is not a TTY', { hint: 'give --no-stdin to look only' });
  if (context.globals.dryRun) return 0;

  const stdin = !flags['no-stdin'] && details.openStdin;
  // Asked before attaching, so that a container that ends at once is not missed.
  const exit = engine.waitContainer(id, signal);
  exit.catch(() => {});
  const streams = await engine.attach(id, { stdin, detachKeys }, signal);
  const stopForwarding =
    flags['sig-proxy'] && !details.tty
      ? forwardSignals(context.interrupts, (signalName) => engine.killContainer(id, signalName))
      : () => {};
  const resize = (columns: number, rows: number) => engine.resizeContainer(id, columns, rows);
  const hasTerminal = details.tty && io.stdout.isTTY;
  if (hasTerminal) await nudgeSize(io.stdout, resize);
  const stopSize = hasTerminal ? followSize(io.stdout, resize) : () => {};
  try {
    const end = await runSession(streams, {
      ...{ io, tty: details.tty, stdin, detachKeys, signal },
      closeStdin: endsWithItsInput(details.raw),
    });
    if (end === 'detached') {
      io.stderr.write('read escape sequence\n');
      return 0;
    }
    if (signal.aborted) throw new InterruptedError();
    return await exit;
  } finally {
    stopSize();
    stopForwarding();
  }
};

/** Containers made by `run` read from one client, and their input ends with it. */
function endsWithItsInput(raw: unknown): boolean {
  if (typeof raw !== 'object' || raw === null || !('Config' in raw)) return false;
  const { Config: config } = raw;
  return typeof config === 'object' && config !== null && 'StdinOnce' in config && config.StdinOnce === true;
}

/** Another state would wait for ever. */
function checkState({ state }: ContainerDetails): void {
  if (state === 'running') return;
  const remedy = { paused: 'unpause it first', restarting: 'wait until it is running' }[String(state)];
  const word = state === 'paused' || state === 'restarting' ? state : 'stopped';
  throw new WindlassError('NOT_RUNNING', `cannot attach to a ${word} container, ${remedy ?? 'start it first'}`);
}
