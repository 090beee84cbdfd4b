// `use_api_socket`: the engine's socket and the user's registry credentials inside the container. docker compose does it by
// changing the service before it is hashed, so the same changes are made here, in the same order.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Project, Service } from '../model.ts';

const CONFIG = '#apisocket';
const SOCKET = '/var/run/docker.sock';
const FOLDER = '/run/secrets/docker';

const wantsSocket = (project: Project): boolean =>
  Object.values(project.services).some((service) => service.use_api_socket === true);

/** Adds the mounts, the variable and the config to the services that ask for them. `credentials` is a docker config.json. */
export function withApiSocket(project: Project, credentials = ''): Project {
  if (!wantsSocket(project)) return project;
  return {
    ...project,
    services: Object.fromEntries(
      Object.entries(project.services).map(([name, service]) => [
        name,
        service.use_api_socket === true ? withSocket(service) : service,
      ]),
    ),
    configs: { ...project.configs, [CONFIG]: { name: CONFIG, content: credentials } },
  };
}

const withSocket = (service: Service): Service => ({
  ...service,
  volumes: [...(service.volumes ?? []), { type: 'bind', source: SOCKET, target: SOCKET }],
  environment: { DOCKER_CONFIG: FOLDER, ...service.environment },
  configs: [...(service.configs ?? []), { source: CONFIG, target: `${FOLDER}/config.json` }],
});

/** The same, with the credentials that the user's docker config.json holds itself; helpers are not asked. */
export async function withApiSocketAndCredentials(project: Project): Promise<Project> {
  if (!wantsSocket(project)) return project;
  const { DOCKER_CONFIG, HOME } = project.environment;
  const path = join(DOCKER_CONFIG ?? join(HOME ?? homedir(), '.docker'), 'config.json');
  return withApiSocket(project, JSON.stringify({ auths: authsOf(await readFile(path, 'utf8').catch(() => '{}')) }));
}

function authsOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'auths' in value ? value.auths : {};
  } catch {
    return {};
  }
}
