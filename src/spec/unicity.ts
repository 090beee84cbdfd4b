// Lists whose items are named by a part of themselves: a later item of the same name takes the place of the earlier one.
import { goText } from './go-text.ts';
import { below, compileRules, type Rules } from './pattern.ts';
import { type Path, type Problems, pathText } from './problems.ts';
import { parseVolume } from './short-volume.ts';
import {
  copyMapping,
  isMapping,
  isSequence,
  type Mapping,
  type Mark,
  markOfItem,
  newSequence,
  type Sequence,
  type Value,
} from './tree.ts';
import { GoFloat } from './yaml/scalar.ts';

/** What names an item; or what is wrong with it; or undefined for an item that the schema will refuse. */
export type Indexer = (item: Value) => string | { readonly problem: string } | undefined;

const byKey: Indexer = (item) => {
  if (typeof item !== 'string') return undefined;
  const equals = item.indexOf('=');
  return equals < 0 ? item : item.slice(0, equals);
};

const missing = (what: string): { problem: string } => ({ problem: `${what} is missing` });

const byTarget =
  (parse: (text: string) => string | { problem: string }): Indexer =>
  (item) => {
    if (isMapping(item)) return typeof item.target === 'string' ? item.target : missing('the "target" of the mount');
    return typeof item === 'string' ? parse(item) : undefined;
  };

const volumeTarget = (text: string): string | { problem: string } => {
  const volume = parseVolume(text);
  return 'problem' in volume ? volume : (volume.target ?? '');
};

const deviceTarget = (text: string): string => {
  const [source = '', target] = text.split(':');
  return target ?? source;
};

const byMountPoint =
  (directory: string): Indexer =>
  (item) => {
    if (typeof item === 'string') return `${directory}/${item}`;
    if (!isMapping(item)) return undefined;
    return typeof item.target === 'string' ? item.target : `${directory}/${goText(item.source)}`;
  };

/** Numbers and texts name different ports: docker compose compares them as they were written. */
const part = (value: Value | undefined): string =>
  typeof value === 'string' ? value : `${typeof value} ${goText(value)}`;

const byPort: Indexer = (item) => {
  if (typeof item === 'number') return String(item);
  if (typeof item === 'string') return item;
  if (!isMapping(item)) return undefined;
  const { target, published, host_ip, protocol } = item;
  if (target === undefined) return missing('the "target" port');
  return `${goText(host_ip ?? '0.0.0.0')}:${part(published)}:${part(target)}/${goText(protocol ?? 'tcp')}`;
};

const byPath: Indexer = (item) => {
  if (typeof item === 'string') return item;
  return isMapping(item) && typeof item.path === 'string' ? item.path : undefined;
};

const byNumberOrText: Indexer = (item) => {
  if (typeof item === 'string') return item;
  if (typeof item === 'number' && Number.isInteger(item)) return String(item);
  return item instanceof GoFloat || typeof item === 'number' ? { problem: 'a port must be a whole number' } : undefined;
};

/** The lists whose items have names, and how the names are found. */
export const UNIQUE_LISTS: Rules<Indexer> = compileRules<Indexer>({
  'networks.*.labels': byKey,
  'networks.*.ipam.options': byKey,
  'services.*.annotations': byKey,
  'services.*.build.args': byKey,
  'services.*.build.additional_contexts': byKey,
  'services.*.build.platform': byKey,
  'services.*.build.tags': byKey,
  'services.*.build.labels': byKey,
  'services.*.cap_add': byKey,
  'services.*.cap_drop': byKey,
  'services.*.configs': byMountPoint(''),
  'services.*.deploy.labels': byKey,
  'services.*.dns': byKey,
  'services.*.dns_opt': byKey,
  'services.*.dns_search': byKey,
  'services.*.environment': byKey,
  'services.*.env_file': byPath,
  'services.*.expose': byNumberOrText,
  'services.*.labels': byKey,
  'services.*.links': byKey,
  'services.*.networks.*.aliases': byKey,
  'services.*.networks.*.link_local_ips': byKey,
  'services.*.ports': byPort,
  'services.*.profiles': byKey,
  'services.*.secrets': byMountPoint('/run/secrets'),
  'services.*.sysctls': byKey,
  'services.*.tmpfs': byKey,
  'services.*.volumes': byTarget(volumeTarget),
  'services.*.devices': byTarget(deviceTarget),
});

/** A model in which no list names a thing twice. */
export function enforceUnicity(model: Mapping, problems: Problems): Mapping {
  return uniqueMapping(model, UNIQUE_LISTS, [], problems);
}

function uniqueMapping(
  mapping: Mapping,
  rules: Rules<Indexer>,
  path: (string | number)[],
  problems: Problems,
): Mapping {
  let out: Mapping | undefined;
  for (const key in mapping) {
    const inner = below(rules, key);
    const before = mapping[key] as Value;
    if (!inner || before === null || typeof before !== 'object') continue;
    path.push(key);
    const after = uniqueValue(before, inner, path, problems);
    path.pop();
    if (after !== before) {
      out ??= copyMapping(mapping);
      out[key] = after;
    }
  }
  return out ?? mapping;
}

function uniqueValue(value: Value, rules: Rules<Indexer>, path: (string | number)[], problems: Problems): Value {
  if (isMapping(value)) return uniqueMapping(value, rules, path, problems);
  return isSequence(value) && rules.rule ? uniqueSequence(value, rules.rule, path, problems) : value;
}

function uniqueSequence(sequence: Sequence, indexer: Indexer, path: Path, problems: Problems): Sequence {
  const places = new Map<string, number>();
  const items: Value[] = [];
  const marks: Mark[] = [];
  for (const [index, item] of sequence.entries()) {
    const name = indexer(item);
    if (typeof name === 'object') {
      const message = `"${pathText([...path, index])}": ${name.problem}`;
      problems.add('SPEC_VALUE', message, [...path, index], markOfItem(sequence, index));
    }
    // What has no name, or a wrong one, is left for the schema to refuse, which says more.
    const place = typeof name === 'string' ? places.get(name) : undefined;
    if (place === undefined) {
      if (typeof name === 'string') places.set(name, items.length);
      items.push(item);
      marks.push(markOfItem(sequence, index));
    } else {
      items[place] = item;
      marks[place] = markOfItem(sequence, index);
    }
  }
  return items.length === sequence.length && items.every((item, index) => item === sequence[index])
    ? sequence
    : newSequence(items, marks);
}
