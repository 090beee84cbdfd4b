// `engine status`: whether the native engine runs. Exit code 1 when it does not.
import { UsageError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { engineStatusFlags } from '../declarations/engine.ts';
import { placeOf } from '../native/serve-flags.ts';
import { printList } from '../output/print-list.ts';

export const run: CommandRun<typeof engineStatusFlags> = async (context, flags) => {
  if (flags.format !== 'table' && flags.format !== 'json')
    throw new UsageError(`format value "${flags.format}" could not be parsed: parsing failed`, {
      hint: 'use "table" or "json"',
    });
  const { engineStatus } = await import('../../engine/native/keeper/status.ts');
  const place = placeOf(context, flags);
  const status = await engineStatus(place);
  const { stdout, stderr } = context.io;
  if (flags.format === 'json') {
    const { lib: root, run: runFolder, socket } = place;
    const facts = status ?? { root, run: runFolder, addresses: [`unix://${socket}`] };
    stdout.write(`${JSON.stringify({ active: status !== undefined, ...facts }, undefined, 2)}\n`);
  } else if (status === undefined) stderr.write(`windlass engine: none answers on ${place.socket}\n`);
  else
    stdout.write(
      printList('table', {
        headers: ['PID', 'VERSION', 'SINCE', 'CONTAINERS', 'ROOT', 'ADDRESS'],
        rows: [
          [
            String(status.pid),
            status.version,
            status.startedAt,
            `${status.running} of ${status.containers} running`,
            status.root,
            status.addresses.join(', '),
          ],
        ],
        json: [status],
      }),
    );
  return status === undefined ? 1 : 0;
};
