// Shows a piece of work while it is done: chooses the renderer, feeds it, and closes it whatever happens.
import { isAbort } from '../../errors.ts';
import type { ProgressListener } from '../../events.ts';
import type { CommandContext } from '../context.ts';
import { isTrue } from '../globals.ts';
import { jsonRenderer } from './json.ts';
import { plainRenderer } from './plain.ts';
import { quietRenderer } from './quiet.ts';
import type { Renderer } from './renderer.ts';

export interface Progress {
  readonly onEvent: ProgressListener;
  /** A line for people amid the progress. */
  readonly note: (text: string) => void;
}

export interface ProgressOptions {
  /** The head of the live view, where it is not `Running`. */
  readonly title?: string;
  /** Shows nothing, whatever `--progress` says: for `--quiet` flags. */
  readonly quiet?: boolean;
}

/** Runs `work` and shows its events on standard error, or where COMPOSE_STATUS_STDOUT says. */
export async function withProgress<T>(
  context: CommandContext,
  options: ProgressOptions,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const renderer = await chooseRenderer(context, options);
  let outcome: 'done' | 'failed' | 'interrupted' = 'failed';
  try {
    const result = await work({ onEvent: (event) => renderer.event(event), note: (text) => renderer.note(text) });
    outcome = 'done';
    return result;
  } catch (error) {
    if (isAbort(error)) outcome = 'interrupted';
    throw error;
  } finally {
    await renderer.finish(outcome);
  }
}

/** Progress as plain or JSON lines, for amid containers' output. Nothing to close. */
export function linesProgress(context: CommandContext): Progress {
  const { globals, io } = context;
  const renderer =
    globals.progress === 'quiet'
      ? quietRenderer()
      : globals.progress === 'json'
        ? jsonRenderer(io.stderr, globals)
        : plainRenderer(io.stderr, globals);
  return { onEvent: (event) => renderer.event(event), note: (text) => renderer.note(text) };
}

/** Progress that nobody sees. */
export const silentProgress: Progress = { onEvent() {}, note() {} };

async function chooseRenderer(context: CommandContext, options: ProgressOptions): Promise<Renderer> {
  const { globals, io, env } = context;
  const out = isTrue(env.COMPOSE_STATUS_STDOUT) ? io.stdout : io.stderr;
  if (options.quiet === true || globals.progress === 'quiet') return quietRenderer();
  if (globals.progress === 'json') return jsonRenderer(out, globals);
  if (globals.progress === 'plain' || (globals.progress === 'auto' && !out.isTTY)) return plainRenderer(out, globals);
  // listr2 takes longer to load than a short command takes to run.
  const { ttyRenderer } = await import('./tty.ts');
  return ttyRenderer(out, { title: options.title ?? 'Running', dryRun: globals.dryRun, color: globals.color });
}
