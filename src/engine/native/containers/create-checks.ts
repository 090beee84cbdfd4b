// What a container asks of this machine and this engine, checked before anything of it is kept: what cannot be had is refused
// with the reason, not left out.
import type { NativeHost } from '../host.ts';
import { badRequest } from '../server/api-error.ts';
import { logPlan } from './log-config.ts';
import type { HostConfig } from './types.ts';

const JOURNAL_SOCKET = '/run/systemd/journal/socket';

export async function checkHostConfig(host: NativeHost, hostConfig: HostConfig): Promise<void> {
  const { driver } = logPlan(hostConfig.LogConfig);
  if (driver === 'journald' && !(await exists(host, JOURNAL_SOCKET)))
    throw badRequest('failed to initialize logging driver: journald is not enabled on this host');
}

const exists = (host: NativeHost, path: string): Promise<boolean> =>
  host.files.stat(path).then(
    () => true,
    () => false,
  );
