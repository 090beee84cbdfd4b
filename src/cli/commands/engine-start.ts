// `engine start`: the native engine in the background. Says what it did on standard error; running already is no failure.
import type { CommandRun } from '../declaration.ts';
import type { engineStartFlags } from '../declarations/engine.ts';
import { groupOf, placeOf, runArguments, thisProgram } from '../native/serve-flags.ts';

export const run: CommandRun<typeof engineStartFlags> = async (context, flags) => {
  const { startEngine } = await import('../../engine/native/keeper/start.ts');
  const { engineStatus } = await import('../../engine/native/keeper/status.ts');
  const place = placeOf(context, flags);
  const { env, signal, io } = context;
  const command = [...thisProgram(), ...runArguments(flags, place, context.cwd)];
  const started = await startEngine({ place, group: await groupOf(flags.group), command, env, signal });
  const status = await engineStatus(place);
  const where = status === undefined ? '' : `, process ${status.pid}, listening on ${status.addresses.join(', ')}`;
  io.stderr.write(`windlass engine: ${started ? 'started' : 'runs already'}${where}\n`);
  return 0;
};
