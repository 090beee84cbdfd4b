// `engine stop`: ends the native engine. Not running is no failure.
import type { CommandRun } from '../declaration.ts';
import type { engineStopFlags } from '../declarations/engine.ts';
import { placeOf } from '../native/serve-flags.ts';

export const run: CommandRun<typeof engineStopFlags> = async (context, flags) => {
  const { engineStatus, stopEngine } = await import('../../engine/native/keeper/status.ts');
  const place = placeOf(context, flags);
  const running = (await engineStatus(place))?.running ?? 0;
  const stopped = await stopEngine(place, { containers: flags.containers, seconds: flags.timeout });
  const left =
    running === 0 || flags.containers
      ? ''
      : `; ${running} container(s) go on, but find no names and are not restarted until the next engine`;
  context.io.stderr.write(`windlass engine: ${stopped ? `stopped${left}` : `none answers on ${place.socket}`}\n`);
  return 0;
};
