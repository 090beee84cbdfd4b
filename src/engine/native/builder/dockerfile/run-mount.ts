// `RUN --mount=type=…,key=value`: which keys each type takes. Pure.
import type { DockerfileError } from './dockerfile-error.ts';
import type { MountType, RunMount } from './instructions.ts';

/** Other names of a key → the name used here. */
const ALIASES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};
const KEYS: Readonly<Record<MountType, readonly string[]>> = {
  bind: ['target', 'source', 'from', 'readonly', 'readwrite'],
  cache: ['id', 'target', 'source', 'from', 'sharing', 'mode', 'uid', 'gid', 'readonly', 'readwrite'],
  tmpfs: ['target', 'size'],
  secret: ['id', 'target', 'required', 'mode', 'uid', 'gid', 'env'],
  ssh: ['id', 'target', 'required', 'mode', 'uid', 'gid'],
};
const SWITCHES = new Set(['readonly', 'readwrite', 'required']);
const NUMBERS: Readonly<Record<string, RegExp>> = { mode: /^[0-7]{1,5}$/, uid: /^\d{1,10}$/, gid: /^\d{1,10}$/ };

export function parseRunMount(text: string, refuse: (message: string) => DockerfileError): RunMount {
  const options: Record<string, string> = {};
  let type: MountType = 'bind';
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    const written = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    const key = ALIASES[written] ?? written;
    if (equals < 0 && !SWITCHES.has(key)) throw refuse(`invalid field '${field}' must be a key=value pair`);
    const value = equals < 0 ? 'true' : field.slice(equals + 1);
    if (key === 'type') {
      if (!Object.hasOwn(KEYS, value)) throw refuse(`unsupported mount type "${value}"`);
      type = value as MountType;
    } else options[key] = value;
  }
  for (const [key, value] of Object.entries(options)) {
    if (!KEYS[type].includes(key)) throw refuse(`unexpected key '${key}' for mount type '${type}'`);
    if (SWITCHES.has(key) && !/^(?:true|false|1|0)$/.test(value)) throw refuse(`invalid value for ${key}: ${value}`);
    const pattern = NUMBERS[key];
    if (pattern && !pattern.test(value) && !value.includes('$')) throw refuse(`invalid value ${value} for ${key}`);
  }
  if (options.target === undefined && type !== 'secret' && type !== 'ssh')
    throw refuse(`target is required for mount type "${type}"`);
  if (type === 'cache' && !['shared', 'private', 'locked'].includes(options.sharing ?? 'shared'))
    throw refuse(`unsupported sharing value "${options.sharing}"`);
  if (type === 'tmpfs' && options.size !== undefined && !/^\d+[bkmgt]?b?$/i.test(options.size))
    throw refuse(`invalid value for size: ${options.size}`);
  return { type, options };
}

/** Whether a switch of a mount is on. */
export const isOn = (value: string | undefined): boolean => value === 'true' || value === '1';
