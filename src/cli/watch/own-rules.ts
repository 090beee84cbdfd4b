// Rules in `x-windlass.watch`, of the whole file or of a service: after changes below a path, a command is run on this machine
// (`run`) or in the containers of a service (`exec`).

import { resolve } from 'node:path';
import { WindlassError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import type { Hook, Project } from '../../model.ts';
import { type CompiledRule, compileRule, type OwnCommand } from '../../watch/rules.ts';

/** The rules of the file itself and of these services. Throws WindlassError for one that is not understood. */
export function ownRules(project: Project, services: readonly string[]): CompiledRule[] {
  const found = rulesIn(project, project['x-windlass'], 'x-windlass.watch', '');
  for (const name of services)
    found.push(...rulesIn(project, project.services[name]?.['x-windlass'], `services.${name}.x-windlass.watch`, name));
  return found;
}

function rulesIn(project: Project, extension: unknown, place: string, service: string): CompiledRule[] {
  if (!isRecord(extension) || extension.watch === undefined) return [];
  if (!Array.isArray(extension.watch)) throw wrong(place, 'must be a list of rules');
  return extension.watch.map((rule: unknown, index) => ownRule(project, rule, `${place}[${index}]`, service));
}

function ownRule(project: Project, rule: unknown, place: string, service: string): CompiledRule {
  if (!isRecord(rule)) throw wrong(place, 'must be a mapping with "path" and "run" or "exec"');
  const { path, run, exec, ignore, include, service: where = service, ...others } = rule;
  const [unknown] = Object.keys(others).filter((key) => !key.startsWith('x-'));
  if (unknown !== undefined)
    throw wrong(place, `has no "${unknown}"; there are path, run, exec, service, ignore and include`);
  if (typeof path !== 'string' || path === '') throw wrong(`${place}.path`, 'must name a file or folder');
  if ((run === undefined) === (exec === undefined)) throw wrong(place, 'must have "run" or "exec", and not both');
  const command = run === undefined ? inService(project, exec, where, place) : onHost(project, run, place);
  const words =
    command.where === 'host' ? shown(run) : `${shown(command.hook.command)} in service "${command.service}"`;
  return compileRule(
    service,
    {
      path: resolve(project.workingDir, path),
      action: 'run',
      ignore: texts(ignore, `${place}.ignore`),
      include: texts(include, `${place}.include`),
    },
    undefined,
    { run: { command, label: words } },
  );
}

function onHost(project: Project, run: unknown, place: string): OwnCommand {
  const command = typeof run === 'string' ? ['sh', '-c', run] : texts(run, `${place}.run`);
  if (command.length === 0) throw wrong(`${place}.run`, 'must be a command');
  return { where: 'host', command, directory: project.workingDir };
}

function inService(project: Project, exec: unknown, service: unknown, place: string): OwnCommand {
  if (typeof service !== 'string' || project.services[service] === undefined)
    throw wrong(`${place}.service`, service === '' ? 'must name a service' : `names no service: "${String(service)}"`);
  const hook = isRecord(exec) ? exec : { command: exec };
  const command = typeof hook.command === 'string' ? ['sh', '-c', hook.command] : texts(hook.command, `${place}.exec`);
  if (command.length === 0) throw wrong(`${place}.exec`, 'must be a command, or a mapping with a "command"');
  return { where: 'service', service, hook: { ...(hook as Partial<Hook>), command } };
}

/** One text, or a list of texts. */
function texts(value: unknown, place: string): readonly string[] {
  if (value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === 'string')) throw wrong(place, 'must be a text or a list of texts');
  return list;
}

const shown = (command: unknown): string =>
  JSON.stringify(Array.isArray(command) ? command.join(' ').replace(/^sh -c /, '') : command);

const wrong = (place: string, what: string): WindlassError =>
  new WindlassError('WATCH_OWN_RULE', `${place} ${what}`, { hint: 'see docs/watch.md' });
