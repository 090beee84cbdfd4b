// One `pre_start` hook: a container of its own, with the networks and the volumes of the one that is about to start, run to its end
// and removed.
import { cleaningUp } from '../cleaning-up.ts';
import type { CreateContainer, Engine } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import type { InitHook, Project, Service } from '../model.ts';
import { LABEL } from '../names.ts';
import { createContainer } from './creations.ts';
import type { ExecutionState } from './execution-state.ts';
import { containerLabels } from './labels.ts';
import type { StepOf } from './plan.ts';
import { imageOf } from './services.ts';

export async function runPreStart(step: StepOf<'run-hook'>, index: number, state: ExecutionState): Promise<void> {
  const { engine, project, signal, onOutput } = state.context;
  const service = state.service(step.service);
  const hook = service.pre_start?.[index];
  if (hook === undefined) throw new Error(`service "${step.service}" has no pre_start hook ${index + 1}`);
  const name = `${step.container.name}-pre-start-${index + 1}`;
  await removeLeftover(engine, name, project.name);
  const networkMode = await networkModeOf(engine, project, service);
  const facts = { name, container: state.idOf(step.container), networkMode };
  const id = await createContainer(engine, request(project, service, hook, facts));
  await cleaningUp(
    async () => {
      const ended = engine.waitContainer(id, signal, 'next-exit');
      // Whoever is interrupted before the wait is awaited must not bring the process down.
      ended.catch(() => {});
      await engine.startContainer(id, signal);
      const exitCode = await ended;
      const source = `${step.container.name.replace(`${project.name}-`, '')} ->`;
      const all = { follow: false, tail: 'all', timestamps: false };
      for await (const { data } of engine.logs(id, all, signal)) onOutput?.(source, Buffer.from(data).toString());
      if (exitCode !== 0)
        throw new WindlassError('HOOK_FAILED', `${step.service} pre_start hook exited with status ${exitCode}`, {
          hint: `see services.${step.service}.pre_start[${index}]${hook.command === null ? '' : `: ${hook.command.join(' ')}`}`,
        });
    },
    () => engine.removeContainer(id, { force: true, volumes: true }),
  );
}

/** Of a run that was killed. */
async function removeLeftover(engine: Engine, name: string, project: string): Promise<void> {
  const left = await engine.findContainer(name);
  if (left?.labels[LABEL.project] === project) await engine.removeContainer(left.id, { force: true, volumes: true });
}

/** The service's own; a container that has not started has no network to join, but another service's is there by now. */
async function networkModeOf(engine: Engine, project: Project, service: Service): Promise<string | undefined> {
  const [, peer] = /^service:(.+)$/.exec(service.network_mode ?? '') ?? [];
  if (peer === undefined) return service.network_mode;
  const containers = await engine.listContainers(project.name);
  const found = containers.find(({ labels, state }) => labels[LABEL.service] === peer && state === 'running');
  return found === undefined ? 'none' : `container:${found.id}`;
}

interface Facts {
  readonly name: string;
  /** Id of the container that is about to start. */
  readonly container: string;
  readonly networkMode: string | undefined;
}

function request(project: Project, service: Service, hook: InitHook, facts: Facts): CreateContainer {
  const { name, container, networkMode } = facts;
  const own = hook.image === undefined;
  const user = hook.user ?? (own ? service.user : undefined);
  const workingDir = hook.working_dir ?? (own ? service.working_dir : undefined);
  const { networks = {} } = service;
  return {
    name,
    image: hook.image ?? imageOf(project, service),
    service: {
      name: service.name,
      command: hook.command,
      entrypoint: own ? service.entrypoint : null,
      environment: { ...service.environment, ...hook.environment },
      ...(user === undefined ? {} : { user }),
      ...(workingDir === undefined ? {} : { working_dir: workingDir }),
      ...(hook.privileged === undefined ? {} : { privileged: hook.privileged }),
      ...(networkMode === undefined ? { networks } : { network_mode: networkMode }),
      ...(service.platform === undefined ? {} : { platform: service.platform }),
      volumes_from: [container],
    },
    labels: {
      ...containerLabels(project, service, { configHash: '', imageId: undefined, slug: 'pre-start' }),
      [LABEL.hook]: 'pre_start',
    },
    attachments:
      networkMode === undefined
        ? Object.keys(networks)
            .sort()
            .map((key) => ({ network: project.networks[key]?.name ?? key, settings: {}, aliases: [] }))
        : [],
    volumeNames: {},
    inheritedVolumes: {},
    fileMounts: [],
    oneOff: true,
  };
}
