// What is mounted over a volume's folder while the volume is in use.
import { messageOf } from '../../../errors.ts';
import type { NativeHost } from '../host.ts';
import { MS_BIND } from '../kernel.ts';
import { findProgram } from '../programs.ts';
import { ApiError } from '../server/api-error.ts';
import { mountOptions } from './mount-options.ts';
import { isNetworkType, mountArguments } from './network-mount.ts';

/** `type`, `o` and `device` as of mount(8). */
export type VolumeOptions = Readonly<Record<string, string>>;

const MS_REMOUNT = 32;

/** @throws ApiError in Docker's words, passwords left out */
export async function mountVolume(host: NativeHost, options: VolumeOptions, target: string): Promise<void> {
  const { type = '', o = '', device = '' } = options;
  const { data } = mountOptions(o);
  try {
    if (isNetworkType(type)) await throughProgram(host, type, [...mountArguments({ type, device, o }), target]);
    else await throughKernel(host, options, target);
  } catch (error) {
    const told = data === '' ? '' : `, data: ${withoutSecrets(data)}`;
    throw new ApiError(
      500,
      `error while mounting volume '${target}': failed to mount local volume: mount ${device}:${target}${told}: ${messageOf(error)}`,
    );
  }
}

async function throughKernel(host: NativeHost, { type = '', o = '', device = '' }: VolumeOptions, target: string) {
  const { flags, readOnly, propagation, data } = mountOptions(o);
  const call = (request: { readonly source: string; readonly type: string; readonly flags: number; data?: string }) =>
    host.kernel.mount({ ...request, target }).catch((error: unknown) => {
      // The kernel tells what and why: `mount <path>: No such device`.
      throw new Error(messageOf(error).replace(/^.*: /, ''));
    });
  await call({ source: device || type, type: type || 'none', flags, data });
  try {
    if (propagation !== 0) await call({ source: 'none', type: 'none', flags: propagation });
    // A bind mount takes after its source: that it is to be read-only has to be told once more.
    if (readOnly && (flags & MS_BIND) !== 0) await call({ source: 'none', type: 'none', flags: flags | MS_REMOUNT });
  } catch (error) {
    await host.kernel.unmount(target);
    throw error;
  }
}

async function throughProgram(host: NativeHost, type: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await host.run('mount', args);
  if (exitCode !== 0) throw new Error(`${helperMessage(stderr)}${await missingHelper(host, type)}`);
}

/** Network file systems need a program of their own beside mount(8). */
async function missingHelper({ files }: NativeHost, type: string): Promise<string> {
  const helper = `mount.${type}`;
  if ((await findProgram(files, helper)) !== undefined) return '';
  return ` (this host has no ${helper}: apt-get install ${type === 'cifs' ? 'cifs-utils' : 'nfs-common'})`;
}

/** mount(8) begins with its own name and the folder, and ends with advice to read the kernel's log. */
const helperMessage = (stderr: string): string =>
  (stderr.trim().split('\n')[0] ?? '').replace(/^mount(?:\.\w+)?: (?:\S+: )?/, '');

/** Passwords of network file systems are among the options. */
const withoutSecrets = (data: string): string => data.replace(/\b(pass(?:word)?|cred(?:entials)?)=[^,]*/gi, '$1=…');
