// `security_opt`: a seccomp profile named by path travels as its contents; `systempaths=unconfined` empties the masked paths.
import { resolve } from 'node:path';
import { EngineError, messageOf } from '../../../errors.ts';
import type { HostConfigBody } from './host-config.ts';

export interface SecurityOptions {
  readonly options: readonly string[];
  /** Relative profile paths are looked up here. */
  readonly directory: string;
  readonly readFile: (path: string) => string;
  /** `container "shop-web-1"`, for errors. */
  readonly resource: string;
}

/**
 * Fields of HostConfig for `security_opt`.
 * @throws EngineError `failed` when an option is malformed or a profile cannot be read.
 */
export function security({ options, directory, readFile, resource }: SecurityOptions): HostConfigBody {
  const refuse = (message: string, hint: string, cause?: unknown): EngineError =>
    new EngineError(message, { kind: 'failed', verb: 'createContainer', resource, hint, cause });
  const unconfined = options.includes('systempaths=unconfined');
  const settled = options
    .filter((option) => option !== 'systempaths=unconfined')
    .map((option) => {
      const [name, value] = split(option);
      if (value === undefined && name !== 'no-new-privileges')
        throw refuse(
          `security_opt "${option}" is not of the form name=value`,
          'for example "seccomp=unconfined" or "label=disable"',
        );
      if (name !== 'seccomp' || value === undefined || value === 'unconfined' || value === 'builtin') return option;
      const path = resolve(directory, value);
      try {
        return `seccomp=${JSON.stringify(JSON.parse(readFile(path)))}`;
      } catch (cause) {
        throw refuse(
          `cannot use the seccomp profile "${path}": ${messageOf(cause)}`,
          'security_opt: seccomp=<path> needs a readable JSON file',
          cause,
        );
      }
    });
  return {
    ...(settled.length === 0 ? {} : { SecurityOpt: settled }),
    ...(unconfined ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

/** Docker also takes the older `name:value`. */
function split(option: string): [string, string | undefined] {
  for (const separator of ['=', ':']) {
    const at = option.indexOf(separator);
    if (at >= 0) return [option.slice(0, at), option.slice(at + 1)];
  }
  return [option, undefined];
}
