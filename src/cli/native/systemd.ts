// systemd on this machine: whether it is in charge, and orders to it.
import { stat } from 'node:fs/promises';
import { HostError, WindlassError } from '../../errors.ts';
import { type Host, realHost } from '../../host.ts';

/** @throws WindlassError where systemd is not in charge here, or the user is not root. */
export async function requireSystemd(): Promise<void> {
  // systemd's own test (sd_booted): the folder is there when it was booted with.
  if (!(await stat('/run/systemd/system').catch(() => undefined)))
    throw new WindlassError(
      'ENGINE_SYSTEMD',
      'systemd is not in charge of this machine, so there is nothing to install into',
      {
        hint: 'have your init system run "windlass engine run --restart" at boot; --print shows the unit that would be written',
      },
    );
  if (process.geteuid?.() !== 0)
    throw new WindlassError('ENGINE_SYSTEMD', 'only root can change what systemd starts at boot', {
      hint: 'run it as root: sudo windlass engine …',
    });
}

export async function systemctl(args: readonly string[], host: Host = realHost): Promise<void> {
  const ran = await host.run('systemctl', args);
  if (ran.exitCode !== 0) throw new HostError(`"systemctl ${args.join(' ')}" failed: ${ran.stderr.trim()}`);
}
