// `engine uninstall`: takes back what install did. Images, containers and volumes stay.
import { rm, stat } from 'node:fs/promises';
import type { CommandRun } from '../declaration.ts';
import { requireSystemd, systemctl } from '../native/systemd.ts';
import { UNIT_NAME, UNIT_PATH } from '../native/systemd-unit.ts';

export const run: CommandRun<Record<string, never>> = async (context) => {
  await requireSystemd();
  const { stderr } = context.io;
  if (!(await stat(UNIT_PATH).catch(() => undefined))) {
    stderr.write(`windlass engine: ${UNIT_PATH} is not there: nothing to take back\n`);
    return 0;
  }
  await systemctl(['disable', '--now', UNIT_NAME]);
  await rm(UNIT_PATH, { force: true });
  await systemctl(['daemon-reload']);
  stderr.write('windlass engine: the unit is gone; containers go on\n');
  return 0;
};
