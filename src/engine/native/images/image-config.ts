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
  return {
    ...value,
    architecture: typeof value.architecture === 'string' ? value.architecture : '',
    os: typeof value.os === 'string' ? value.os : 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds as string[] },
  } as ImageConfig;
}
