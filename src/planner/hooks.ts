// `post_start` and `pre_stop`: a command inside a running container; its failure is the step's.
import { isConflict, isNotFound, WindlassError } from '../errors.ts';
import type { ExecutionState } from './execution-state.ts';
import { hookRequest } from './hook-request.ts';
import type { StepOf } from './plan.ts';
import { runPreStart } from './run-pre-start.ts';

export async function runHook(step: StepOf<'run-hook'>, state: ExecutionState): Promise<void> {
  if (step.hook === 'pre_start') return runPreStart(step, step.index, state);
  try {
    await runCommand(step, step.hook, state);
  } catch (error) {
    // A container that is gone or stopped already has nothing to prepare for its stop.
    if (step.hook === 'pre_stop' && (isNotFound(error) || isConflict(error))) return;
    throw error;
  }
}

async function runCommand(
  step: StepOf<'run-hook'>,
  kind: 'post_start' | 'pre_stop',
  state: ExecutionState,
): Promise<void> {
  const { engine, project, signal, onOutput } = state.context;
  const service = state.service(step.service);
  const hook = service[kind]?.[step.index];
  if (hook === undefined) throw new Error(`service "${step.service}" has no ${step.hook} hook ${step.index + 1}`);
  const tty = service.tty ?? false;
  const exec = await engine.createExec(state.idOf(step.container), hookRequest(hook, tty), signal);
  const streams = await exec.start({ detach: false, tty });
  const source = `${step.container.name.replace(`${project.name}-`, '')} ->`;
  const close = (): void => streams?.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (streams !== undefined)
      await Promise.all(
        [streams.stdout, streams.stderr].map(async (stream) => {
          // Decoded by the stream: a character may come in two chunks.
          for await (const chunk of stream.setEncoding('utf8')) onOutput?.(source, String(chunk));
        }),
      );
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', close);
  }
  const exitCode = await exec.exitCode();
  if (exitCode !== 0)
    throw new WindlassError('HOOK_FAILED', `${step.service} hook exited with status ${exitCode}`, {
      hint: `see services.${step.service}.${step.hook}[${step.index}]: ${hook.command.join(' ')}`,
    });
}
