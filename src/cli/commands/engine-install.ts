// `engine install`: a systemd unit that starts the native engine at boot, and now.
import { writeFile } from 'node:fs/promises';
import type { CommandRun } from '../declaration.ts';
import type { engineInstallFlags } from '../declarations/engine.ts';
import { groupOf, placeOf, runArguments, thisProgram } from '../native/serve-flags.ts';
import { requireSystemd, systemctl } from '../native/systemd.ts';
import { systemdUnit, UNIT_NAME, UNIT_PATH } from '../native/systemd-unit.ts';
import { writing } from '../output/writing.ts';

export const run: CommandRun<typeof engineInstallFlags> = async (context, flags) => {
  const place = placeOf(context, flags);
  // What is not there is told now, not at the next boot.
  await groupOf(flags.group);
  if (flags['userns-remap'] !== '' && !flags.print) {
    const { realNativeHost } = await import('../../engine/native/host.ts');
    const { remapping } = await import('../../engine/native/user-namespaces/remap.ts');
    await remapping(realNativeHost(), flags['userns-remap']);
  }
  // Where Node.js cannot make way for a keeper, systemd's own restart has to do.
  const restart = process.execve === undefined ? [] : ['--restart'];
  const command = [...thisProgram(), ...runArguments(flags, place, context.cwd), ...restart];
  const unit = systemdUnit(command, place.socket);
  if (flags.print) {
    context.io.stdout.write(unit);
    return 0;
  }
  await requireSystemd();
  // An engine that was started by hand would hold the root.
  const { stopEngine } = await import('../../engine/native/keeper/status.ts');
  await stopEngine(place, { containers: false, seconds: undefined });
  await writing('the unit', 'make the folder writable, or place what --print shows where systemd reads it', () =>
    writeFile(UNIT_PATH, unit, { mode: 0o644 }),
  );
  await systemctl(['daemon-reload']);
  await systemctl(['enable', '--now', UNIT_NAME]);
  context.io.stderr.write(`windlass engine: ${UNIT_PATH} is written, enabled and started\n`);
  return 0;
};
