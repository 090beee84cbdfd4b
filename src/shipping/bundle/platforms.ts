// Platforms as bundles speak of them: `os/architecture[/variant]`. Pure.
import { UsageError } from '../../errors.ts';

/** The variant that an architecture has when none is named. */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm64: 'v8', amd64: 'v1' };

/** Whether an image for `actual` is one for `wanted`; a variant that is not named may be any. */
export function isPlatform(actual: string, wanted: string): boolean {
  const [a, w] = [parts(actual), parts(wanted)];
  return (
    a.os === w.os &&
    a.architecture === w.architecture &&
    (a.variant === w.variant || w.variant === '' || a.variant === '')
  );
}

function parts(platform: string): { readonly os: string; readonly architecture: string; readonly variant: string } {
  const [os = '', architecture = '', variant = ''] = platform.split('/');
  return { os, architecture, variant: variant === DEFAULT_VARIANT[architecture] ? '' : variant };
}

/** Reads values of `--platform`, each one platform or several with commas between. Throws UsageError. */
export function readPlatforms(values: readonly string[]): string[] {
  const platforms = values.flatMap((value) => value.split(',')).map((value) => value.trim());
  for (const platform of platforms)
    if (!/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/.test(platform))
      throw new UsageError(`"${platform}" is no platform`, { hint: 'write it as linux/amd64 or linux/arm64/v8' });
  return [...new Set(platforms)];
}
