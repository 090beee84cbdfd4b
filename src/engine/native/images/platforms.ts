// Platforms of images, `os/architecture[/variant]`, in the one way they are written here. Pure.
import { badRequest } from '../server/api-error.ts';
import type { ImageConfig } from './image-config.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Empty where the architecture has none, or its usual one. */
  readonly variant: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  ...{
    x86_64: 'amd64',
    'x86-64': 'amd64',
    aarch64: 'arm64',
    armhf: 'arm/v7',
    armel: 'arm/v6',
    i386: '386',
    i686: '386',
  },
};
/** What an architecture means without a variant: told apart by none, or by this one. */
const USUAL: Readonly<Record<string, string>> = { arm64: 'v8', amd64: 'v1' };

/** What may stand alone. */
const SYSTEMS = new Set(['linux', 'windows', 'darwin', 'freebsd']);
const KNOWN = new Set(
  '386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm'.split(' '),
);

/**
 * Reads `linux/arm64/v8`, `arm64`, `linux`; what is not said is the machine's.
 * @throws ApiError
 */
export function parsePlatform(text: string, machineArchitecture: string): Platform {
  const parts = text.trim().toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9][a-z0-9_.-]*$/.test(part)))
    throw badRequest(`"${text}" is an invalid platform: it is written as os/architecture[/variant]`);
  const [first = ''] = parts;
  if (parts.length === 1 && SYSTEMS.has(first)) return platformOf(first, machineArchitecture, '');
  if (parts.length === 1 && !KNOWN.has(first) && ARCHITECTURES[first] === undefined)
    throw badRequest(`"${text}": unknown operating system or architecture: invalid argument`);
  if (parts.length === 1) return platformOf('linux', first, '');
  const [os = '', architecture = machineArchitecture, variant = ''] = parts;
  return platformOf(os, architecture, variant);
}

/** A platform in its one way of writing, of parts that may be written otherwise. */
export function platformOf(os: string, written: string, given: string): Platform {
  const [architecture = '', implied = ''] = (ARCHITECTURES[written] ?? written).split('/');
  const variant = given || implied;
  if (architecture === 'arm' && variant === '') return { os, architecture, variant: 'v7' };
  return { os, architecture, variant: USUAL[architecture] === variant ? '' : variant };
}

/** `linux/arm/v7`. */
export const platformText = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter((part) => part !== '').join('/');

/** The platform that an image is for. */
export const imagePlatform = ({ os, architecture, variant }: ImageConfig): Platform =>
  platformOf(os, architecture, variant ?? '');

/** Whether an image is for a platform. One that names no variant is for all of its architecture. */
export function isForPlatform(config: ImageConfig, wanted: Platform): boolean {
  const { os, architecture, variant } = imagePlatform(config);
  return (
    os === wanted.os &&
    architecture === wanted.architecture &&
    ((config.variant ?? '') === '' || variant === wanted.variant)
  );
}
