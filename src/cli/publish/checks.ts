// What is looked at before a project leaves the machine: what cannot be published, and what its author should know of. Pure; the
// texts are docker compose's, which scripts look for.
import { byBytes } from '../../go-json.ts';
import type { Mount, Project, Service } from '../../model.ts';

/** Why a project cannot be published; undefined when it can. */
export function refusal(project: Project, withEnvironment: boolean): string | undefined {
  const builtOnly = services(project).filter(({ image, build }) => !image && build !== undefined);
  if (builtOnly.length > 0) {
    const list = builtOnly.map(({ name }) => `- "${name}"`).join('\n');
    return `your Compose stack cannot be published as it only contains a build section for service(s):\n${list}`;
  }
  const leaks = withEnvironment ? [] : environmentLeaks(project);
  if (leaks.length === 0) return undefined;
  return `${leaks.join('\n')}
To avoid leaking sensitive data, you must either explicitly allow the sending of environment variables by using the --with-env flag,
or remove sensitive data from your Compose configuration`;
}

function environmentLeaks(project: Project): string[] {
  const leaks: string[] = [];
  for (const { name, env_file: files = [], environment = {} } of services(project)) {
    if (files.length > 0) leaks.push(`service "${name}" has env_file declared.`);
    if (files.length > 0 || Object.keys(environment).length > 0)
      leaks.push(`service "${name}" has environment variable(s) declared.`);
  }
  for (const { name } of configsFromVariables(project))
    leaks.push(`config "${name}" is declare as an environment variable.`);
  return leaks;
}

/** The question about bind mounts; undefined when there are none. */
export function bindMountQuestion(project: Project): string | undefined {
  const mounts = services(project).flatMap((service) =>
    (service.volumes ?? []).filter(({ type }) => type === 'bind').map((mount) => `${service.name}${shortForm(mount)}`),
  );
  if (mounts.length === 0) return undefined;
  return `you are about to publish bind mounts declaration within your OCI artifact.
only the bind mount declarations will be added to the OCI artifact (not content)
please double check that you are not mounting potential user's sensitive directories or data
${mounts.join('\n')}
Are you ok to publish these bind mount declarations?`;
}

const shortForm = ({ source = '', target, read_only }: Mount): string =>
  ` ${source}:${target}:${read_only === true ? 'ro' : 'rw'}`;

/** The question about variables; undefined when there are none. `resolved` has the contents of env files in it. */
export function environmentQuestion(resolved: Project): string | undefined {
  const blocks: string[] = [];
  for (const { name, environment = {} } of services(resolved)) {
    const entries = Object.entries(environment).sort(([a], [b]) => byBytes(a, b));
    if (entries.length === 0) continue;
    blocks.push(`Service/Config  ${name}`, ...entries.map(([key, value]) => `${key}=${value ?? ''}`));
  }
  for (const { key, environment, name } of configsFromVariables(resolved))
    blocks.push(`Service/Config  ${key}`, `${name}=${environment}`);
  if (blocks.length === 0) return undefined;
  return `you are about to publish environment variables within your OCI artifact.
please double check that you are not leaking sensitive data
${blocks.join('\n')}
Are you ok to publish these environment variables?`;
}

const services = (project: Project): Service[] =>
  Object.keys(project.services)
    .sort(byBytes)
    .map((name) => project.services[name])
    .filter((service) => service !== undefined);

const configsFromVariables = (project: Project): { key: string; name: string; environment: string }[] =>
  Object.entries(project.configs).flatMap(([key, { name, environment }]) =>
    environment ? [{ key, name: name ?? key, environment }] : [],
  );
