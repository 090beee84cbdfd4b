// `SecurityOpt`: seccomp, AppArmor, no-new-privileges. Pure.
import { badRequest } from '../server/api-error.ts';
import { defaultSeccomp, type Seccomp } from './seccomp.ts';

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** `unconfined`, `builtin`, or a profile as JSON; undefined: the default one. */
  readonly seccomp: string | undefined;
  /** `unconfined`, or a profile that is loaded on the host; undefined: the default one. */
  readonly apparmor: string | undefined;
}

/** Reads `name=value` and, as older clients write it, `name:value`. Labels are SELinux's, and are accepted without it as in Docker. */
export function securityOptions(options: readonly string[]): SecurityOptions {
  const found = {
    noNewPrivileges: false,
    seccomp: undefined as string | undefined,
    apparmor: undefined as string | undefined,
  };
  for (const option of options) {
    if (option === 'no-new-privileges') {
      found.noNewPrivileges = true;
      continue;
    }
    const separator = option.search(/[=:]/);
    if (separator < 0) throw badRequest(`invalid --security-opt 1: ${JSON.stringify(option)}`);
    const [name, value] = [option.slice(0, separator), option.slice(separator + 1)];
    if (name === 'seccomp') found.seccomp = value;
    else if (name === 'apparmor') found.apparmor = value || undefined;
    else if (name === 'no-new-privileges' && /^(?:true|false)$/.test(value)) found.noNewPrivileges = value === 'true';
    else if (name !== 'label' && option !== 'systempaths=unconfined')
      throw badRequest(`invalid --security-opt 2: ${JSON.stringify(option)}`);
  }
  return found;
}

/** Refuses options that are none, and profiles that cannot be read. */
export function checkSecurityOptions(options: readonly string[]): void {
  seccompOf(securityOptions(options).seccomp, [], 'x64');
}

interface CustomProfile extends Seccomp {
  readonly archMap?: unknown;
  readonly syscalls: readonly (Seccomp['syscalls'][number] & {
    readonly name?: string;
    readonly includes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] };
    readonly excludes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] };
  })[];
}

/** The filter of a container with these bounding capabilities; undefined for none. */
export function seccompOf(
  option: string | undefined,
  granted: readonly string[],
  architecture: string,
): Seccomp | undefined {
  if (option === 'unconfined') return undefined;
  if (option === undefined || option === 'builtin' || option === '') return defaultSeccomp(granted, architecture);
  return customSeccomp(parseProfile(option), granted, architecture);
}

function parseProfile(text: string): CustomProfile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`Decoding seccomp profile failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  const profile = value as Partial<CustomProfile> | null;
  if (typeof profile !== 'object' || typeof profile?.defaultAction !== 'string')
    throw badRequest('Decoding seccomp profile failed: it has no "defaultAction"');
  return { ...profile, defaultAction: profile.defaultAction, syscalls: profile.syscalls ?? [] };
}

/** A profile in Docker's format: rules may depend on capabilities and architecture. */
function customSeccomp(profile: CustomProfile, granted: readonly string[], architecture: string): Seccomp {
  const name = architecture === 'x64' ? 'amd64' : architecture;
  const { architectures } = defaultSeccomp([], architecture);
  const syscalls = profile.syscalls
    .filter(({ includes, excludes }) => {
      const included =
        (includes?.caps ?? []).every((cap) => granted.includes(cap)) &&
        (!includes?.arches || includes.arches.includes(name));
      const excluded =
        (excludes?.caps ?? []).some((cap) => granted.includes(cap)) || (excludes?.arches ?? []).includes(name);
      return included && !excluded;
    })
    .map(({ names, name: single, action, args, errnoRet }) => ({
      names: names ?? (single === undefined ? [] : [single]),
      action,
      ...(args ? { args } : {}),
      ...(errnoRet === undefined ? {} : { errnoRet }),
    }));
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(architectures ? { architectures } : {}),
    syscalls,
  };
}
