// The attributes that do not merge by the general rule, by path pattern.
import { goText } from './go-text.ts';
import { concat, type MergeRule } from './merge.ts';
import { compileRules, type Rules } from './pattern.ts';
import {
  isMapping,
  isSequence,
  type Mapping,
  type Mark,
  markOf,
  markOfItem,
  newMapping,
  newSequence,
  put,
  type Sequence,
  type Value,
} from './tree.ts';

const EMPTY = newSequence([], []);

/** A mapping becomes `key=value` texts in the order of the text; a text becomes a list of one. */
function toSequence(value: Value): Sequence {
  if (isSequence(value)) return value;
  if (typeof value === 'string') return newSequence([value], []);
  if (!isMapping(value)) return EMPTY;
  const pairs: [string, Mark][] = [];
  for (const key of Object.keys(value)) {
    const entry = value[key] as Value;
    const mark = markOf(value, key);
    if (entry === null) pairs.push([key, mark]);
    else if (isSequence(entry)) for (const item of entry) pairs.push([`${key}=${goText(item)}`, mark]);
    else pairs.push([`${key}=${goText(entry)}`, mark]);
  }
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return newSequence(
    pairs.map(([text]) => text),
    pairs.map(([, mark]) => mark),
  );
}

/** A list of names becomes a mapping with `value` for each. Undefined where an item is no name. */
function toMapping(value: Value, entry: () => Value): Mapping | undefined {
  if (isMapping(value)) return value;
  const mapping = newMapping();
  if (value === null) return mapping;
  if (!isSequence(value)) return undefined;
  for (const [index, name] of value.entries()) {
    if (typeof name !== 'string') return undefined;
    put(mapping, name, entry(), markOfItem(value, index));
  }
  return mapping;
}

/** docker compose drops an override that is neither without a word; that can only be a mistake. */
const isListLike = (value: Value): boolean =>
  value === null || typeof value === 'string' || isSequence(value) || isMapping(value);

const asSequences: MergeRule = (base, over, merger) =>
  isListLike(base) && isListLike(over) ? concat(toSequence(base), toSequence(over)) : merger.mismatch(base, over);

const replace: MergeRule = (_base, over) => over;

/** Only exact repetitions are left out: a host may have several addresses. */
const extraHosts: MergeRule = (base, over, merger) => {
  if (!isListLike(base) || !isListLike(over)) return merger.mismatch(base, over);
  const ours = toSequence(base);
  const theirs = toSequence(over);
  const kept = theirs.map((item, index) => ({ item, index })).filter(({ item }) => !ours.includes(item));
  return concat(
    ours,
    newSequence(
      kept.map(({ item }) => item),
      kept.map(({ index }) => markOfItem(theirs, index)),
    ),
  );
};

const asMappings =
  (convert: (value: Value) => Mapping | undefined): MergeRule =>
  (base, over, merger) => {
    const ours = convert(base);
    const theirs = convert(over);
    return ours && theirs ? merger.mappings(ours, theirs) : merger.mismatch(base, over);
  };

const buildMapping = (value: Value): Mapping | undefined => {
  if (typeof value !== 'string') return value === null ? newMapping() : isMapping(value) ? value : undefined;
  const build = newMapping();
  put(build, 'context', value, 0);
  return build;
};

const startedDependency = (): Mapping => {
  const dependency = newMapping();
  put(dependency, 'condition', 'service_started', 0);
  put(dependency, 'required', true, 0);
  return dependency;
};

/** Options of two different drivers have nothing to do with each other. */
const logging: MergeRule = (base, over, merger) => {
  if (over === null || base === null) return over ?? base;
  if (!isMapping(base) || !isMapping(over)) return merger.mismatch(base, over);
  const sameDriver = base.driver === over.driver || base.driver === undefined || over.driver === undefined;
  return sameDriver ? merger.mappings(base, over) : over;
};

/** Pools with the same subnet merge; as docker compose, an override's own pools come before the base's last one. */
const ipamConfig: MergeRule = (base, over, merger) => {
  if (!isSequence(base) || !isSequence(over)) return merger.mismatch(base, over);
  const pools: { value: Value; mark: Mark }[] = [];
  const subnet = (value: Value | undefined): Value | undefined => (isMapping(value) ? value.subnet : undefined);
  const indexOf = (wanted: Value | undefined): number => pools.findIndex(({ value }) => subnet(value) === wanted);
  for (const [baseIndex, ours] of base.entries()) {
    for (const [overIndex, theirs] of over.entries()) {
      if (!isMapping(ours) || !isMapping(theirs)) return merger.mismatch(ours, theirs);
      if (theirs.subnet !== ours.subnet && indexOf(theirs.subnet) < 0) {
        pools.push({ value: theirs, mark: markOfItem(over, overIndex) });
        continue;
      }
      const merged = { value: merger.mappings(ours, theirs), mark: markOfItem(base, baseIndex) };
      const index = indexOf(merged.value.subnet);
      if (index >= 0) pools[index] = merged;
      else pools.push(merged);
    }
  }
  return newSequence(
    pools.map(({ value }) => value),
    pools.map(({ mark }) => mark),
  );
};

const names = asMappings((value) => toMapping(value, () => null));

export const MERGE_RULES: Rules<MergeRule> = compileRules<MergeRule>({
  'networks.*.ipam.config': ipamConfig,
  'networks.*.labels': asSequences,
  'volumes.*.labels': asSequences,
  'services.*.annotations': asSequences,
  'services.*.build': asMappings(buildMapping),
  'services.*.build.args': asSequences,
  'services.*.build.additional_contexts': asSequences,
  'services.*.build.extra_hosts': extraHosts,
  'services.*.build.labels': asSequences,
  'services.*.command': replace,
  'services.*.depends_on': asMappings((value) => toMapping(value, startedDependency)),
  'services.*.deploy.labels': asSequences,
  'services.*.dns': asSequences,
  'services.*.dns_opt': asSequences,
  'services.*.dns_search': asSequences,
  'services.*.entrypoint': replace,
  'services.*.env_file': asSequences,
  'services.*.label_file': asSequences,
  'services.*.environment': asSequences,
  'services.*.extra_hosts': extraHosts,
  'services.*.healthcheck.test': replace,
  'services.*.labels': asSequences,
  'services.*.volumes.*.volume.labels': asSequences,
  'services.*.logging': logging,
  'services.*.models': names,
  'services.*.networks': names,
  'services.*.sysctls': asSequences,
  'services.*.tmpfs': asSequences,
  'services.*.ulimits.*': replace,
});
