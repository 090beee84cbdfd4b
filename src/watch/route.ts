// From changed paths to what is due, service by service. Pure but for the look whether a path is a folder.
import { posix } from 'node:path';
import type { CompiledRule } from './rules.ts';
import { relativeTo } from './rules.ts';
import type { Mapping } from './sync-archive.ts';

/** What has to be done for one service. Grows while it waits; whatever number of changes, every action is done once. */
export interface Due {
  /** Mounted files that have changed. */
  readonly mounted: Set<string>;
  /** By path in the container. */
  readonly targets: Map<string, Mapping>;
  rebuild: boolean;
  restart: boolean;
  /** Rules whose command is to be run inside the service's containers. */
  readonly execs: Set<CompiledRule>;
  /** Rules that run a command elsewhere, with the paths that asked for it. */
  readonly runs: Map<CompiledRule, Set<string>>;
  /** Containers have started that may lack what was synced before. */
  refresh: boolean;
}

export const nothingDue = (): Due => ({
  mounted: new Set(),
  targets: new Map(),
  rebuild: false,
  restart: false,
  execs: new Set(),
  runs: new Map(),
  refresh: false,
});

/** Adds what a batch of changed paths asks for. */
export function route(rules: readonly CompiledRule[], paths: readonly string[], due: Map<string, Due>): void {
  for (const path of paths)
    for (const rule of rules) {
      if (!rule.matches(path)) continue;
      const ofService = due.get(rule.service) ?? nothingDue();
      due.set(rule.service, ofService);
      apply(rule, path, ofService);
    }
}

function apply(rule: CompiledRule, path: string, due: Due): void {
  if (rule.action === 'rebuild') due.rebuild = true;
  else if (rule.action === 'run') due.runs.set(rule, (due.runs.get(rule) ?? new Set()).add(path));
  else if (rule.action === 'restart') due.restart = true;
  else {
    if (rule.mounted) due.mounted.add(path);
    else {
      const mapping = mappingOf(rule, path);
      if (mapping === undefined) return;
      due.targets.set(mapping.target, mapping);
    }
    if (rule.action === 'sync+restart') due.restart = true;
    if (rule.action === 'sync+exec') due.execs.add(rule);
  }
}

/** Where a path belongs in the containers; undefined without a target. */
export function mappingOf(rule: CompiledRule, path: string): Mapping | undefined {
  const rest = relativeTo(rule.path, path);
  if (rest === undefined || rule.target === undefined) return undefined;
  // `target: /etc/app/` of a single file means a folder, as it does for COPY and cp.
  const into = rule.file && rule.target.endsWith('/') ? posix.join(rule.target, posix.basename(path)) : rule.target;
  return { host: path, target: posix.resolve('/', into, rest), root: rule.path };
}
