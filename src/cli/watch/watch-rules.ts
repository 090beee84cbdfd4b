// The rules of the services a command is meant for, or why there are none.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { messageOf, WindlassError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import type { Project, Service, WatchRule } from '../../model.ts';
import { type CompiledRule, compileRule, readBuildIgnores } from '../../watch/rules.ts';
import { selectedServices } from '../commands/selected-services.ts';
import { ownRules } from './own-rules.ts';

export interface WatchRules {
  readonly rules: readonly CompiledRule[];
  readonly warnings: readonly string[];
}

/** Whether anything says what to watch. A rule that cannot be followed counts. */
export const hasRules = (project: Project, named: readonly string[]): boolean =>
  (isRecord(project['x-windlass']) && project['x-windlass'].watch !== undefined) ||
  selectedServices(project, named, true).some(
    (service) =>
      (service.develop?.watch ?? []).length > 0 ||
      (isRecord(service['x-windlass']) && service['x-windlass'].watch !== undefined),
  );

/** Throws WindlassError for a rule that cannot be followed. */
export function watchRules(project: Project, named: readonly string[]): WatchRules {
  const rules: CompiledRule[] = [];
  const warnings: string[] = [];
  const services = selectedServices(project, named, true);
  for (const service of services) {
    const ignores = readBuildIgnores(service, readText);
    for (const rule of service.develop?.watch ?? []) {
      checkRule(service, rule);
      const mounted = isSync(rule) && isMounted(service, rule.path);
      const made = compiled(service, rule, () => compileRule(service.name, rule, ignores, { mounted }));
      if (isSync(rule) && rule.initial_sync === undefined && rule['x-initialSync'] === true)
        warnings.push('x-initialSync is DEPRECATED, please use the official `initial_sync` attribute');
      // What follows upon a sync is due all the same, and of a single file the mount shows only the one that was there first.
      if (mounted && rule.action === 'sync' && !made.file)
        warnings.push(`path '${rule.path}' also declared by a bind mount volume, this path won't be monitored!`);
      else rules.push(made);
    }
  }
  const own = ownRules(
    project,
    services.map(({ name }) => name),
  );
  return { rules: [...rules, ...own], warnings };
}

const isSync = (rule: WatchRule): boolean => rule.action.startsWith('sync');

function checkRule(service: Service, { action, exec }: WatchRule): void {
  if (action === 'rebuild' && service.build === undefined)
    throw new WindlassError(
      'WATCH_NO_BUILD',
      `can't watch service "${service.name}" with action rebuild without a build context`,
      { hint: `add "build" to services.${service.name}, or use the action "sync" or "restart"` },
    );
  if (action === 'sync+exec' && (exec?.command ?? []).length === 0)
    throw new WindlassError(
      'WATCH_NO_COMMAND',
      `can't watch with action "sync+exec" on service ${service.name} without a command`,
      { hint: 'add "exec" with a "command" to the rule' },
    );
}

function compiled(service: Service, rule: WatchRule, compile: () => CompiledRule): CompiledRule {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new WindlassError(
      'WATCH_PATTERN',
      `service "${service.name}": what to ignore below "${rule.path}": ${messageOf(error)}`,
      { cause: error, hint: 'correct it in "ignore", "include" or the .dockerignore of the build context' },
    );
  }
}

/** What is mounted needs no copying. */
const isMounted = (service: Service, path: string): boolean =>
  service.volumes?.some(
    ({ type, source }) => type === 'bind' && source !== undefined && !relative(source, path).startsWith('..'),
  ) === true;

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
