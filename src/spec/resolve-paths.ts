// Relative paths → paths below a base directory. The base may itself be relative: what an included or extended file says is
// first made relative to the directory of the file that names it.
import { lstatSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isRemote } from '../remote-reference.ts';
import { compileRules } from './pattern.ts';
import { type Problems, pathText } from './problems.ts';
import { type Transform, transformTree } from './transform.ts';
import { copyMapping, isMapping, isSequence, type Mapping, marksOfItems, newSequence, type Value } from './tree.ts';

/** The model with its paths below `base`; `home` stands for `~`. */
export function resolvePaths(model: Mapping, base: string, problems: Problems, home = homedir()): Mapping {
  const expand = (path: string): string => (path.startsWith('~') ? goJoin(home, path.slice(1)) : path);
  const absolute = (value: Value): Value => {
    if (isSequence(value)) return newSequence(value.map(absolute), marksOfItems(value));
    if (typeof value !== 'string' || value === '') return value;
    const path = expand(value);
    return path.startsWith('/') ? path : goJoin(base, path);
  };
  /** As `absolute`, but a Windows path is left alone, and an empty one becomes the base. */
  const anyPlatform = (value: Value): Value => {
    if (typeof value !== 'string') return value;
    const path = expand(value);
    return path.startsWith('/') || isWindowsAbsolute(path) ? path : goJoin(base, path);
  };
  const context = (value: Value): Value =>
    typeof value === 'string' && isRemoteContext(value) ? value : absolute(value);
  const bindSource: Transform = (value, path, mark) => {
    if (!isMapping(value) || value.type !== 'bind') return value;
    if (value.source === undefined) {
      const message = `"${pathText(path)}": a bind mount needs a "source"`;
      problems.add('SPEC_VOLUME', message, path, mark, { hint: 'name the directory or file of the host' });
      return value;
    }
    const mount = copyMapping(value);
    mount.source = anyPlatform(value.source);
    return mount;
  };
  const bindDevice: Transform = (value) => {
    if (!isMapping(value) || value.driver !== 'local' || !isMapping(value.driver_opts)) return value;
    if (value.driver_opts.o !== 'bind' || value.driver_opts.device === undefined) return value;
    const [volume, options] = [copyMapping(value), copyMapping(value.driver_opts)];
    options.device = anyPlatform(options.device as Value);
    volume.driver_opts = options;
    return volume;
  };
  return transformTree(
    model,
    compileRules<Transform>({
      'services.*.build.context': context,
      'services.*.build.additional_contexts.*': context,
      'services.*.build.ssh.*': anyPlatform,
      'services.*.env_file.*.path': absolute,
      'services.*.label_file.*': absolute,
      'services.*.extends.file': (value) => (typeof value === 'string' && isRemote(value) ? value : absolute(value)),
      'services.*.develop.watch.*.path': (value) => resolveLink(absolute(value)),
      'services.*.volumes.*': bindSource,
      'configs.*.file': anyPlatform,
      'secrets.*.file': anyPlatform,
      'volumes.*': bindDevice,
    }),
  );
}

/** Go's filepath.Join leaves no slash at the end. */
const goJoin = (base: string, path: string): string => {
  const joined = join(base, path);
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
};

const isWindowsAbsolute = (path: string): boolean => /^(?:[\s\S]:[\\/]|[\\/]{2})/.test(path);

function isRemoteContext(value: string): boolean {
  return value.includes('://') || /^(?:service:|https?:\/\/|git:\/\/|ssh:\/\/|github\.com\/|git@)/.test(value);
}

/** Replaces the first symbolic link on the way by where it leads. */
function resolveLink(value: Value): Value {
  if (typeof value !== 'string' || value === '') return value;
  let current = value.startsWith('/') ? '/' : '';
  for (const part of value.split('/')) {
    if (part === '') continue;
    current = join(current, part);
    if (lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink()) {
      try {
        return value.replace(current, realpathSync(current));
      } catch {
        return value; // A link that leads nowhere is a matter for whoever watches it.
      }
    }
  }
  return value;
}
