// The image configuration document (OCI image-spec, docker's superset), as far as the engine reads it.
import { isRecord } from '../../../json.ts';

export interface HealthConfig {
  Test?: string[];
  /** Nanoseconds, here and below. */
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** What an image says about the containers made from it. */
export interface RunConfig {
  User?: string;
  ExposedPorts?: Record<string, object> | null;
  Env?: string[] | null;
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, object> | null;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  Healthcheck?: HealthConfig;
  Shell?: string[] | null;
  OnBuild?: string[] | null;
  ArgsEscaped?: boolean;
}

export interface HistoryEntry {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string;
  author?: string;
  created?: string;
  config?: RunConfig;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history?: HistoryEntry[];
  docker_version?: string;
}

/** Reads a configuration from bytes that came from outside. Throws where the part the engine relies on is not there. */
export function parseImageConfig(text: string): ImageConfig {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('image configuration is not an object');
  const rootfs = value.rootfs;
  const diffIds = isRecord(rootfs) ? rootfs.diff_ids : undefined;
  const digests =
    Array.isArray(diffIds) && diffIds.every((id) => typeof id === 'string' && /^sha256:[0-9a-f]{64}$/.test(id));
  if (!digests) throw new Error('image configuration has no valid rootfs.diff_ids');
  if (value.config !== undefined && value.config !== null && !isRecord(value.config))
    throw new Error('image configuration has a "config" that is not an object');
  if (isRecord(value.config)) checkRunConfig(value.config);
  if (value.history !== undefined && value.history !== null && !isListOf(value.history, isRecord))
    throw new Error('image configuration has a "history" that is no list of objects');
  for (const field of ['author', 'created', 'variant'])
    if (value[field] !== undefined && value[field] !== null && !isString(value[field]))
      throw new Error(`image configuration has a "${field}" that is no text`);
  return {
    ...value,
    ...(isRecord(value.config) ? { config: withLists(value.config) } : {}),
    architecture: typeof value.architecture === 'string' ? value.architecture : '',
    os: typeof value.os === 'string' ? value.os : 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds as string[] },
  } as ImageConfig;
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isListOf = (value: unknown, fits: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => fits(item));
const isMapOf = (value: unknown, fits: (item: unknown) => boolean): boolean =>
  isRecord(value) && Object.values(value).every((item) => fits(item));

/** Those that may be one text instead of a list, as Docker has it. */
const COMMANDS = ['Entrypoint', 'Cmd', 'Shell'];
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  ...Object.fromEntries(['User', 'WorkingDir', 'StopSignal'].map((name) => [name, isString])),
  ...Object.fromEntries(['Env', 'OnBuild'].map((name) => [name, (value: unknown) => isListOf(value, isString)])),
  ...Object.fromEntries(
    COMMANDS.map((name) => [name, (value: unknown) => isString(value) || isListOf(value, isString)]),
  ),
  ...Object.fromEntries(['ExposedPorts', 'Volumes'].map((name) => [name, isRecord])),
  Labels: (value) => isMapOf(value, isString),
  Healthcheck: (value) =>
    isRecord(value) &&
    Object.entries(value).every(([name, item]) =>
      name === 'Test' ? item === null || isListOf(item, isString) : typeof item === 'number',
    ),
};

/** What everybody who uses an image relies on: a field of another kind would be a fault far from where it came in. */
function checkRunConfig(config: Readonly<Record<string, unknown>>): void {
  for (const [name, fits] of Object.entries(KINDS)) {
    const value = config[name];
    if (value !== undefined && value !== null && !fits(value))
      throw new Error(`image configuration has a "config.${name}" of the wrong kind`);
  }
}

const withLists = (config: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, COMMANDS.includes(name) && isString(value) ? [value] : value]),
  );
