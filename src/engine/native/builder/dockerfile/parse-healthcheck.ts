// HEALTHCHECK: its flags and its command. Pure.
import { parseGoDuration } from '../../../../go-duration.ts';
import type { HealthConfig } from '../../images/image-config.ts';
import { commandLine, type Parts } from './parts.ts';

/** Docker refuses shorter ones, but for the pause before the first probe. */
const SHORTEST_NS = 1e6;

export function parseHealthcheck(parts: Parts): { readonly kind: 'healthcheck'; readonly health: HealthConfig } {
  const { flags, refuse } = parts;
  const [, type = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(parts.rest) ?? [];
  if (type === '') throw refuse('HEALTHCHECK requires at least one argument');
  if (type.toUpperCase() === 'NONE') {
    if (rest !== '') throw refuse('HEALTHCHECK NONE takes no arguments');
    return { kind: 'healthcheck', health: { Test: ['NONE'] } };
  }
  if (type.toUpperCase() !== 'CMD') throw refuse(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  const command = commandLine({ rest, refuse });
  if (command.words.length === 0) throw refuse('Missing command after HEALTHCHECK CMD');
  const duration = (name: string): number | undefined => {
    const text = flags.one(name);
    if (text === undefined) return undefined;
    const parsed = parseGoDuration(text);
    if (parsed === undefined) throw refuse(`invalid duration ${JSON.stringify(text)} for --${name}`);
    const value = Number(parsed);
    if (value !== 0 && value < SHORTEST_NS) throw refuse(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
    return value;
  };
  const retries = flags.one('retries');
  if (retries !== undefined && !/^\d{1,9}$/.test(retries)) throw refuse('--retries must be at least 0');
  const [interval, timeout, start, startInterval] = [
    duration('interval'),
    duration('timeout'),
    duration('start-period'),
    duration('start-interval'),
  ];
  return {
    kind: 'healthcheck',
    health: {
      Test: [command.shell ? 'CMD-SHELL' : 'CMD', ...command.words],
      ...(interval ? { Interval: interval } : {}),
      ...(timeout ? { Timeout: timeout } : {}),
      ...(start ? { StartPeriod: start } : {}),
      ...(startInterval ? { StartInterval: startInterval } : {}),
      ...(Number(retries ?? 0) > 0 ? { Retries: Number(retries) } : {}),
    },
  };
}
