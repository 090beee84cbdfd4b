// What no schema can say about a canonical model: attributes that exclude each other, addresses, empty paths.
import { isIpAddress } from './ip.ts';
import { compileRules } from './pattern.ts';
import { type Path, type Problems, pathText } from './problems.ts';
import { type Transform, transformTree } from './transform.ts';
import { isMapping, type Mapping, type Mark, markOf, type Value } from './tree.ts';

type Check = (value: Mapping, path: Path, mark: Mark, problems: Problems) => void;

const exclusive =
  (...keys: readonly string[]): Check =>
  (value, path, mark, problems) => {
    const given = keys.filter((key) => value[key] !== undefined);
    const list = keys.map((key) => `"${key}"`).join(', ');
    if (given.length > 1) {
      const at = markOf(value, given[1] ?? '') || mark;
      const both = given.map((key) => `"${key}"`).join(' and ');
      problems.add('SPEC_EXCLUSIVE', `${both} exclude each other`, path, at, { part: 'key', hint: 'keep one of them' });
    } else if (given.length === 0 && value.driver === undefined && value.external === undefined)
      problems.add('SPEC_MISSING', `one of ${list} is required`, path, mark, { part: 'key' });
  };

const externalVolume: Check = (value, path, mark, problems) => {
  if (value.external !== true) return;
  for (const key of Object.keys(value)) {
    if (key === 'name' || key === 'external' || key.startsWith('x-')) continue;
    const message = `"${key}" cannot be set on an external volume`;
    const hint = `remove "${key}", or "external"`;
    problems.add('SPEC_EXTERNAL', message, path, markOf(value, key) || mark, { part: 'key', hint });
  }
};

const deviceRequest: Check = (value, path, mark, problems) => {
  if (value.count === undefined || value.device_ids === undefined) return;
  const at = markOf(value, 'count') || mark;
  problems.add('SPEC_EXCLUSIVE', `"${pathText(path)}": "count" and "device_ids" exclude each other`, path, at, {
    part: 'key',
  });
};

const portAddress: Check = (value, path, mark, problems) => {
  const address = value.host_ip;
  if (typeof address !== 'string' || isIpAddress(address)) return;
  const message = `"${pathText(path)}": "${address}" is not an IP address`;
  problems.add('SPEC_ADDRESS', message, path, markOf(value, 'host_ip') || mark);
};

/** Reports all that is wrong; the model itself stays as it is. */
export function checkModel(model: Mapping, problems: Problems): void {
  const on =
    (check: Check): Transform =>
    (value, path, mark) => {
      if (isMapping(value)) check(value, path, mark, problems);
      return value;
    };
  const notBlank: Transform = (value: Value, path, mark) => {
    if (value === '') problems.add('SPEC_VALUE', `"${pathText(path)}" is empty`, path, mark);
    return value;
  };
  transformTree(
    model,
    compileRules<Transform>({
      'volumes.*': on(externalVolume),
      'configs.*': on(exclusive('file', 'environment', 'content')),
      'secrets.*': on(exclusive('file', 'environment')),
      'services.*.ports.*': on(portAddress),
      'services.*.develop.watch.*.path': notBlank,
      'services.*.deploy.resources.reservations.devices.*': on(deviceRequest),
      'services.*.gpus.*': on(deviceRequest),
    }),
  );
}
