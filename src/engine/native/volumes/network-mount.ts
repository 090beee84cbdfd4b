// What mount(8) is asked for a network file system: its helpers resolve names and try protocol versions, which the kernel does not.
// Pure.
import { isIPv6 } from 'node:net';

/** Options of a volume, as mount(8) and mount(2) name them. */
export interface VolumeMount {
  readonly type: string;
  readonly device: string;
  readonly o: string;
}

export const isNetworkType = (type: string): boolean => ['nfs', 'nfs4', 'cifs'].includes(type);

/** Arguments before the folder. */
export function mountArguments(mount: VolumeMount): string[] {
  const { type, device, o } = isNfs(mount.type) ? withServer(mount) : mount;
  return ['-t', type, ...(o === '' ? [] : ['-o', o]), device];
}

const isNfs = (type: string): boolean => type.startsWith('nfs');

/**
 * Docker hands `addr=SERVER` and `:/folder` to the kernel, which takes the address from the options; mount.nfs(8) takes it from
 * in front of the folder, and puts the option in by itself.
 */
function withServer(mount: VolumeMount): VolumeMount {
  const words = mount.o.split(',').filter((word) => word !== '');
  const server = words.findLast((word) => word.startsWith('addr='))?.slice('addr='.length);
  if (server === undefined || server === '') return mount;
  const folder = mount.device.slice(mount.device.indexOf(':/') + 1);
  const host = isIPv6(server) ? `[${server}]` : server;
  return { ...mount, device: `${host}:${folder}`, o: words.filter((word) => !word.startsWith('addr=')).join(',') };
}
