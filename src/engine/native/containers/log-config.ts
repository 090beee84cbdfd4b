// What `LogConfig` asks for: a driver and its options, checked in Docker's words. Pure.
//
// Whatever the driver, the log is one the monitor writes (log-file.ts); drivers differ in how much of it is kept, whether it
// can be read back, and whether it goes to the journal as well.
import { type ApiError, badRequest } from '../server/api-error.ts';
import type { HostConfig } from './types.ts';

export interface LogPlan {
  readonly driver: Driver;
  /** A file is put aside when it has grown beyond so many bytes; undefined where it may grow for ever. */
  readonly maxBytes: number | undefined;
  /** So many files are kept, the one that is written to included. */
  readonly maxFiles: number;
}

type Driver = 'json-file' | 'local' | 'journald' | 'none';

const COMMON = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
/** `mode` and `max-buffer-size` say how output is handed to a driver; the monitor's way is always "blocking". */
const DELIVERY = ['mode', 'max-buffer-size'];
const OPTIONS: Readonly<Record<Driver, readonly string[]>> = {
  'json-file': ['max-size', 'max-file', 'compress', ...COMMON],
  local: ['max-size', 'max-file', 'compress'],
  journald: COMMON,
  none: [],
};

const MEBIBYTE = 1024 ** 2;

export const LOG_DRIVERS: readonly string[] = Object.keys(OPTIONS);

const isDriver = (name: string): name is Driver => LOG_DRIVERS.includes(name);

/** Throws what Docker answers for a driver or an option that is not known. */
export function logPlan(config: HostConfig['LogConfig']): LogPlan {
  const driver = config?.Type || 'json-file';
  const options = config?.Config ?? {};
  if (!isDriver(driver))
    throw badRequest(
      `error looking up logging plugin ${driver}: plugin "${driver}" not found (the windlass native engine has ${LOG_DRIVERS.join(', ')})`,
    );
  const unknown = Object.keys(options).find((name) => ![...OPTIONS[driver], ...DELIVERY].includes(name));
  if (unknown !== undefined) throw badRequest(`unknown log opt '${unknown}' for ${driver} log driver`);
  checkDelivery(options);
  const maxFiles = filesOf(options['max-file']);
  const maxBytes = bytesOf(options['max-size']);
  switch (driver) {
    case 'json-file':
      return { driver, maxBytes, maxFiles: maxFiles ?? 1 };
    case 'local':
      return { driver, maxBytes: maxBytes ?? 20 * MEBIBYTE, maxFiles: maxFiles ?? 5 };
    case 'journald':
      // The journal keeps the log; beside it stays what `logs` reads.
      return { driver, maxBytes: 20 * MEBIBYTE, maxFiles: 5 };
    case 'none':
      // Clients that are attached read this much of what went by; nobody else does.
      return { driver, maxBytes: 10 * MEBIBYTE, maxFiles: 1 };
  }
}

function checkDelivery({ mode = '', 'max-buffer-size': buffer }: Readonly<Record<string, string>>): void {
  if (!['', 'blocking', 'non-blocking'].includes(mode)) throw badRequest(`logger: logging mode not supported: ${mode}`);
  if (buffer !== undefined && mode !== 'non-blocking')
    throw badRequest("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
}

const invalid = (reason: string): ApiError => badRequest(`failed to initialize logging driver: ${reason}`);

function filesOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw invalid(`invalid value for max-file: ${text}`);
  if (Number(text) < 1) throw invalid('max-file cannot be less than 1');
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: MEBIBYTE, g: 1024 ** 3, t: 1024 ** 4 };

/** `10m`, `1.5g`, `100kb`, plain bytes; `-1` and nothing stand for no limit. */
function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '-1') return undefined;
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (UNITS[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN));
  if (!match || !(bytes > 0)) throw invalid(`invalid size: '${text}'`);
  return bytes;
}
