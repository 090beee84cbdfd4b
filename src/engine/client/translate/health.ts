// Health checks: durations in nanoseconds, `disable` as the test NONE.
import type { Healthcheck } from '../../../model.ts';
import { parseDuration } from '../../../units.ts';

export interface HealthBody {
  readonly Test?: readonly string[];
  readonly Interval: number;
  readonly Timeout: number;
  readonly StartPeriod: number;
  readonly StartInterval?: number;
  readonly Retries: number;
}

/** 0 and an absent test mean the image's own. */
export function health(check: Healthcheck | undefined): HealthBody | undefined {
  if (check === undefined) return undefined;
  const nanoseconds = (text: string | undefined): number => (text === undefined ? 0 : (parseDuration(text) ?? 0));
  const test = check.disable === true ? ['NONE'] : check.test;
  return {
    ...(test === undefined ? {} : { Test: test }),
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    StartPeriod: nanoseconds(check.start_period),
    ...(check.start_interval === undefined ? {} : { StartInterval: nanoseconds(check.start_interval) }),
    Retries: check.retries ?? 0,
  };
}
