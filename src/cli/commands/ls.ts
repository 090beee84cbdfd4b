// `ls`: every Compose project on the engine, as the labels of its containers tell.
import type { ObservedContainer } from '../../engine/engine.ts';
import { UsageError } from '../../errors.ts';
import { LABEL } from '../../names.ts';
import type { CommandRun } from '../declaration.ts';
import type { lsFlags } from '../declarations/view.ts';
import { printList } from '../output/print-list.ts';

export interface ProjectSummary {
  readonly Name: string;
  readonly Status: string;
  readonly ConfigFiles: string;
}

export const run: CommandRun<typeof lsFlags> = async (context, flags) => {
  const matches = nameFilter(flags.filter);
  const engine = await context.engine();
  const projects = summarise(await engine.listProjectContainers(flags.all, context.signal)).filter(matches);
  if (flags.quiet) context.io.stdout.write(projects.map((project) => `${project.Name}\n`).join(''));
  else
    context.io.stdout.write(
      printList(flags.format, {
        headers: ['NAME', 'STATUS', 'CONFIG FILES'],
        rows: projects.map((project) => [project.Name, project.Status, project.ConfigFiles]),
        json: projects,
      }),
    );
  return 0;
};

/** One line per project, by name. */
export function summarise(containers: readonly ObservedContainer[]): ProjectSummary[] {
  const byProject = new Map<string, ObservedContainer[]>();
  for (const container of containers) {
    if (container.labels[LABEL.configHash] === undefined) continue;
    const name = container.labels[LABEL.project] ?? '';
    byProject.set(name, [...(byProject.get(name) ?? []), container]);
  }
  return [...byProject.keys()].sort().map((name) => {
    const members = byProject.get(name) ?? [];
    return { Name: name, Status: combinedStatus(members), ConfigFiles: configFiles(members) };
  });
}

/** `exited(1), running(2)` */
function combinedStatus(containers: readonly ObservedContainer[]): string {
  const states = containers.map((container) => container.state).sort();
  return [...new Set(states)].map((state) => `${state}(${states.filter((one) => one === state).length})`).join(', ');
}

function configFiles(containers: readonly ObservedContainer[]): string {
  const labels = containers.map((container) => container.labels[LABEL.configFiles]);
  if (labels.includes(undefined)) return 'N/A';
  return [...new Set(labels.flatMap((label) => (label ?? '').split(',')))].join(',');
}

/** A value matches as a regular expression or as a part of the name, as docker's filters do. */
function nameFilter(filters: readonly string[]): (project: ProjectSummary) => boolean {
  const values = filters.filter(Boolean).map((filter) => {
    const [, key = '', value] = /^([^=]*)=(.*)$/s.exec(filter) ?? [];
    if (value === undefined) throw new UsageError('bad format of filter (expected name=value)');
    if (key.trim().toLowerCase() !== 'name')
      throw new UsageError(`invalid filter '${key.trim()}'`, { hint: 'only "name=…" is supported' });
    return value.trim();
  });
  return ({ Name }) => values.length === 0 || values.some((value) => matchesName(Name, value));
}

function matchesName(name: string, value: string): boolean {
  if (name === value) return true;
  try {
    return new RegExp(value).test(name);
  } catch {
    // Not a pattern: only the name itself matches.
    return false;
  }
}
