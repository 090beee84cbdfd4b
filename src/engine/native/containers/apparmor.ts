// Under which AppArmor profile a container runs. The default one is loaded when a container needs it: tools that reload the
// host's profiles remove it again.
import { HostError } from '../../../errors.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import { findProgram } from '../programs.ts';
import { ApiError } from '../server/api-error.ts';
import { DEFAULT_PROFILE, defaultProfile } from './apparmor-profile.ts';
import { securityOptions } from './security-options.ts';
import type { HostConfig } from './types.ts';

const KERNEL_PROFILES = '/sys/kernel/security/apparmor/profiles';

/**
 * What a container is to be confined by, where the kernel has AppArmor; undefined for nothing. Without a word about it that is the
 * default profile, and nothing for privileged containers, as in Docker. Pure.
 */
export function wantedProfile(hostConfig: HostConfig): string | undefined {
  const { apparmor } = securityOptions(hostConfig.SecurityOpt ?? []);
  if (apparmor === 'unconfined') return undefined;
  return apparmor ?? (hostConfig.Privileged === true ? undefined : DEFAULT_PROFILE);
}

/**
 * The profile for a container that is about to start, loaded; undefined where there is none: a kernel without AppArmor, or a
 * machine without the program that loads profiles.
 * @throws ApiError in Docker's words for a profile of the user's that is not loaded.
 */
export async function profileFor(
  host: NativeHost,
  enabled: boolean,
  hostConfig: HostConfig,
): Promise<string | undefined> {
  const profile = enabled ? wantedProfile(hostConfig) : undefined;
  if (profile === undefined || (await isLoaded(host, profile))) return profile;
  if (profile !== DEFAULT_PROFILE)
    throw new ApiError(
      400,
      `unable to apply apparmor profile: "${profile}" is not loaded: load it with "apparmor_parser -r <its file>", or take another`,
    );
  const parser = await findProgram(host.files, 'apparmor_parser');
  if (parser === undefined) return undefined;
  const { exitCode, stderr } = await host.run(parser, ['--replace', '--skip-cache'], { input: defaultProfile() });
  if (exitCode !== 0)
    throw new HostError(`cannot load the AppArmor profile "${DEFAULT_PROFILE}": ${stderr.trim()}`, {
      hint: 'mend what it names, or run the container with --security-opt apparmor=unconfined',
    });
  return profile;
}

/** Lines are `name (mode)`. */
async function isLoaded({ files }: NativeHost, name: string): Promise<boolean> {
  const text = (await readIfExists(files, KERNEL_PROFILES)) ?? '';
  return text.split('\n').some((line) => line.startsWith(`${name} (`));
}
