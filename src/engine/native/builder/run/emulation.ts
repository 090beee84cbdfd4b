// Why a command of another architecture does not run here, and what to install. The kernel runs foreign programs through an
// emulator that is registered with binfmt_misc; in a container that works only with the flag F, by which the kernel holds the
// emulator open, since the image does not have it.
import { listIfExists, type NativeHost, readIfExists } from '../../host.ts';

const REGISTERED = '/proc/sys/fs/binfmt_misc';

/** Architecture → its number in a program's header (e_machine), and whether that is written big end first. */
const MACHINES: Readonly<Record<string, readonly [number: number, bigEndian?: boolean]>> = {
  ...{ '386': [0x03], arm: [0x28], amd64: [0x3e], arm64: [0xb7], riscv64: [0xf3], loong64: [0x102], mips64le: [0x08] },
  ...{ ppc64le: [0x15], s390x: [0x16, true] },
};

/** What a processor runs beside its own. */
const ALSO: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** Why nothing for `platform` can run on a machine of `own` architecture; undefined where it can, so far as one can tell. */
export async function foreignFailure(
  host: NativeHost,
  { platform, architecture, own }: { readonly platform: string; readonly architecture: string; readonly own: string },
): Promise<string | undefined> {
  if (architecture === own || ALSO[own]?.includes(architecture)) return undefined;
  const flags = await emulatorFlags(host, architecture);
  if (flags?.includes('F')) return undefined;
  const why =
    flags === undefined
      ? 'no emulator is registered for it'
      : 'its emulator is registered without the flag F, so that containers do not find it';
  return `RUN for ${platform} does not work on this machine (linux/${own}): ${why}. Install one with "apt-get install qemu-user-static binfmt-support", or build on this machine's platform with FROM --platform=$BUILDPLATFORM and compile for $TARGETPLATFORM`;
}

/** Flags of the emulator for an architecture; undefined where none is registered, or nobody can tell. */
async function emulatorFlags(host: NativeHost, architecture: string): Promise<string | undefined> {
  const machine = MACHINES[architecture];
  if (!machine) return undefined;
  for (const name of await listIfExists(host.files, REGISTERED)) {
    if (name === 'register' || name === 'status') continue;
    const text = (await readIfExists(host.files, `${REGISTERED}/${name}`)) ?? '';
    const magic = Buffer.from(/^magic ([0-9a-f]+)$/m.exec(text)?.[1] ?? '', 'hex');
    // The number stands at byte 18 of the header.
    if (!text.startsWith('enabled') || magic.length < 20) continue;
    const [number, bigEndian = false] = machine;
    if ((bigEndian ? magic.readUInt16BE(18) : magic.readUInt16LE(18)) === number)
      return /^flags: (\w*)/m.exec(text)?.[1] ?? '';
  }
  return undefined;
}
