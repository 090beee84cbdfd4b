// IPv6 on the host, as far as networks need it.
import { join } from 'node:path';
import { type NativeHost, readIfExists } from '../host.ts';

const SETTINGS = '/proc/sys/net/ipv6/conf';

/** Whether the kernel has IPv6 and it is not switched off for new interfaces. */
export async function hasIPv6(host: NativeHost): Promise<boolean> {
  const disabled = await readIfExists(host.files, join(SETTINGS, 'default/disable_ipv6'));
  return disabled !== undefined && disabled.trim() === '0';
}

/**
 * Has the host pass packets on between interfaces. A host that does so stops listening to router advertisements, from which
 * it may have its own default route: interfaces that listened go on (`accept_ra` 2: although forwarding).
 */
export async function forwardIPv6(host: NativeHost): Promise<void> {
  const forwarding = join(SETTINGS, 'all/forwarding');
  if ((await readIfExists(host.files, forwarding))?.trim() === '1') return;
  for (const name of await host.files.readdir(SETTINGS)) {
    const accept = join(SETTINGS, name, 'accept_ra');
    const listens = (await readIfExists(host.files, accept))?.trim() === '1';
    if (listens && name !== 'all' && name !== 'default') await host.files.writeFile(accept, '2');
  }
  await host.files.writeFile(forwarding, '1');
}
