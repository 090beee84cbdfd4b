// Projects for tests, written with the few words that matter: everything else has the value it has after loading.
import type { Project, Service } from '../../src/model.ts';

export type ServiceDraft = Omit<Partial<Service>, 'name'>;
export interface ProjectDraft extends Omit<Partial<Project>, 'services'> {
  readonly services?: Readonly<Record<string, ServiceDraft>>;
}

/** A project `shop` whose services run busybox on the network `default`. */
export function aProject(draft: ProjectDraft = {}): Project {
  const name = draft.name ?? 'shop';
  const services = Object.fromEntries(
    Object.entries(draft.services ?? { web: {} }).map(([key, service]) => [key, aService(key, service)]),
  );
  const usesDefault = Object.values(services).some((service) => service.networks?.default !== undefined);
  return {
    name,
    workingDir: '/srv/shop',
    composeFiles: ['/srv/shop/compose.yaml'],
    envFiles: [],
    environment: {},
    disabledServices: {},
    networks: usesDefault ? { default: { name: `${name}_default`, ipam: {} } } : {},
    volumes: {},
    secrets: {},
    configs: {},
    models: {},
    profiles: [],
    ...draft,
    services,
  };
}

/** Dependencies that follow from other keys are added, as loading does. */
export function aService(name: string, draft: ServiceDraft = {}): Service {
  const implied = impliedDependencies(draft);
  const dependsOn = { ...implied, ...draft.depends_on };
  return {
    name,
    command: null,
    entrypoint: null,
    ...(draft.build === undefined && draft.provider === undefined ? { image: 'busybox' } : {}),
    ...(draft.network_mode === undefined && draft.provider === undefined ? { networks: { default: null } } : {}),
    ...draft,
    ...(Object.keys(dependsOn).length === 0 ? {} : { depends_on: dependsOn }),
  };
}

function impliedDependencies(draft: ServiceDraft): NonNullable<Service['depends_on']> {
  const found: Record<string, { condition: 'service_started'; restart: boolean; required: true }> = {};
  for (const mode of [draft.network_mode, draft.pid, draft.ipc])
    if (mode?.startsWith('service:')) found[mode.slice('service:'.length)] = started(true);
  for (const link of draft.links ?? []) found[link.split(':')[0] ?? link] = started(true);
  for (const source of draft.volumes_from ?? [])
    if (!source.startsWith('container:')) found[source.split(':')[0] ?? source] = started(false);
  return found;
}

const started = (restart: boolean): { condition: 'service_started'; restart: boolean; required: true } => ({
  condition: 'service_started',
  restart,
  required: true,
});

export const dependsOnStarted = { condition: 'service_started', required: true } as const;
export const dependsOnHealthy = { condition: 'service_healthy', required: true } as const;
export const dependsOnCompleted = { condition: 'service_completed_successfully', required: true } as const;
