// Watching beside an attached `up`: one watcher from the beginning with `--watch`, further ones on demand.
import { WindlassError } from '../../errors.ts';
import type { Watching } from '../attached/watching.ts';
import { buildSettings } from '../commands/up-options.ts';
import type { CommandContext } from '../context.ts';
import type { LogLines } from '../output/log-lines.ts';
import { loadRunnable, type Target } from '../project.ts';
import { pollInterval } from './poll-interval.ts';
import { hasRules } from './watch-rules.ts';
import type { Watcher } from './watcher.ts';

/** Undefined when no rule says what to watch. Throws WindlassError where `--watch` asks for it all the same. */
export async function watchingBeside(
  context: CommandContext,
  { project, services }: Target,
  args: readonly string[],
  lines: LogLines,
  flags: { readonly watch: boolean; readonly 'quiet-build': boolean },
): Promise<Watching | undefined> {
  if (!hasRules(project, services)) {
    if (!flags.watch) return undefined;
    throw new WindlassError(
      'WATCH_NOTHING',
      'none of the selected services is configured for watch, see https://docs.docker.com/compose/how-tos/file-watch/',
      { hint: 'add a "develop" section to a service, or leave --watch out' },
    );
  }
  const replacing: Watching['replacing'] = { around: (work) => work() };
  const make = async (fromTheBeginning = false): Promise<Watcher> => {
    const { commandBegan, Watcher } = await import('./watcher.ts');
    return new Watcher(context, await context.engine(project.name), {
      project,
      services,
      build: buildSettings(context, flags['quiet-build']),
      prune: true,
      replacing: (work) => replacing.around(work),
      pollMs: pollInterval(context, false),
      ...(fromTheBeginning ? { since: commandBegan() } : {}),
      load: async () => (await loadRunnable(context, args)).project,
      log: (text, kind) => lines.line(kind === 'problem' ? context.io.stderr : context.io.stdout, 'watch', text),
      output: (stream, text) => lines.line(context.io[stream], 'watch', text),
    });
  };
  if (!flags.watch || context.globals.dryRun) return { replacing, make: () => make(), first: undefined };
  const first = await make(true);
  await first.prepare();
  return { replacing, make: () => make(), first };
}
