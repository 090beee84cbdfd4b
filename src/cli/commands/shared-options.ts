// Options that several commands read the same way.
import { UsageError } from '../../errors.ts';
import type { Separator } from '../../names.ts';
import { noSuchService } from '../../no-such-service.ts';
import type { CommandContext } from '../context.ts';
import { isTrue } from '../globals.ts';

/** `--remove-orphans`, or COMPOSE_REMOVE_ORPHANS where the flag is not given. */
export const removeOrphans = (context: CommandContext, flag: boolean | undefined): boolean =>
  flag ?? isTrue(context.env.COMPOSE_REMOVE_ORPHANS);

/** What `up` and `create` do about containers whose service is gone. */
export function orphanPolicy(context: CommandContext, flag: boolean | undefined): 'warn' | 'remove' | 'ignore' {
  const remove = removeOrphans(context, flag);
  const ignore = isTrue(context.env.COMPOSE_IGNORE_ORPHANS);
  if (remove && ignore) throw new UsageError('cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans');
  return remove ? 'remove' : ignore ? 'ignore' : 'warn';
}

/** Between the parts of containers' names. */
export const separatorOf = (context: CommandContext): Separator => (context.globals.compatibility ? '_' : '-');

/** Reads `--scale a=2 --scale b=3`. */
export function parseScale(options: readonly string[], known: readonly string[]): Record<string, number> {
  const scale: Record<string, number> = {};
  for (const option of options) {
    const [name = '', count, ...rest] = option.split('=');
    if (count === undefined || rest.length > 0)
      throw new UsageError(`invalid --scale option "${option}". Should be SERVICE=NUM`);
    if (!/^\d+$/.test(count))
      throw new UsageError(`invalid --scale option "${option}". Should be SERVICE=NUM`, {
        hint: 'NUM is a whole number, 0 or more',
      });
    if (!known.includes(name)) throw noSuchService(name, known);
    scale[name] = Number(count);
  }
  return scale;
}
