// When an image is pulled before it is used (compose-reference §2.1, `pull_policy`).
import type { ObservedImage } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import type { Service } from '../model.ts';
import { parseDuration } from '../units.ts';

const REFRESH: Readonly<Record<string, string>> = { daily: '1d', weekly: '1w' };

/** `local` is the image as the engine has it, for the right platform. */
export function mustPull(service: Service, local: ObservedImage | undefined, now: number): boolean {
  if (service.provider !== undefined || service.image === undefined) return false;
  const policy = service.pull_policy ?? 'missing';
  if (policy === 'always') return true;
  if (policy === 'never' || policy === 'build') return false;
  if (local === undefined) return true;
  const period = refreshPeriod(service, policy);
  return period !== undefined && now > lastTagged(local) + period;
}

/** Milliseconds after which an image counts as stale, for the policies that say so. */
function refreshPeriod(service: Service, policy: string): number | undefined {
  if (policy === 'missing' || policy === 'if_not_present' || policy === '') return undefined;
  const text = REFRESH[policy] ?? (policy.startsWith('every_') ? policy.slice('every_'.length) : undefined);
  const nanoseconds = text === undefined ? undefined : parseDuration(text);
  if (nanoseconds === undefined)
    throw new WindlassError('PLAN_PULL_POLICY', `service "${service.name}": invalid pull policy "${policy}"`, {
      hint: 'use always, missing, never, build, daily, weekly or every_<duration>',
    });
  return nanoseconds / 1e6;
}

const lastTagged = (image: ObservedImage): number => Date.parse(image.lastTagged ?? image.created) || 0;

/** Whether an image is for the platform asked for; every image is when none is. */
export function matchesPlatform(image: ObservedImage, platform: string | undefined): boolean {
  if (platform === undefined || platform === '') return true;
  const [wanted, actual] = [normalise(platform), normalise(image.platform)];
  return (
    wanted.architecture === actual.architecture &&
    (wanted.os === '' || wanted.os === actual.os) &&
    (wanted.variant === '' || actual.variant === '' || wanted.variant === actual.variant)
  );
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64' };
/** The variant an architecture has when none is named. */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm64: 'v8', amd64: 'v1' };

function normalise(platform: string): { readonly os: string; readonly architecture: string; readonly variant: string } {
  const parts = platform.toLowerCase().split('/');
  const [os = '', architecture = '', variant = ''] = parts.length === 1 ? ['', ...parts] : parts;
  const name = ARCHITECTURES[architecture] ?? architecture;
  return { os, architecture: name, variant: variant === DEFAULT_VARIANT[name] ? '' : variant };
}
