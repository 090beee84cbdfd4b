// What each action does: a function per kind of step, one or two verbs of the engine each. The compiler sees to it that
// every action has one.
import { readFile } from 'node:fs/promises';
import { EngineError, reasonOf, WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import { buildRequest } from './build-request.ts';
import { containerRequest } from './container-request.ts';
import { createContainer, createNetwork, renameContainer } from './creations.ts';
import type { ExecutionState } from './execution-state.ts';
import { copiedFiles } from './file-objects.ts';
import { passGate } from './gates.ts';
import { runHook } from './hooks.ts';
import { networkLabels, volumeLabels } from './labels.ts';
import type { Action, StepOf } from './plan.ts';
import { explainPortConflict } from './port-conflict.ts';
import { runProvider } from './provider.ts';
import { imageOf } from './services.ts';
import { tarOf } from './tar-entry.ts';

type Perform<A extends Action> = (step: StepOf<A>, state: ExecutionState) => Promise<unknown>;

/**
 * Short verbs are not given the signal: once asked for, a create or start is seen to its end, so that what the engine did is
 * known. Pulls, builds, stops, hooks and gates may take long, and end with the signal.
 */
const ACTIONS: { readonly [A in Action]: Perform<A> } = {
  'pull-image': pullImage,
  'build-image': (step, state) => {
    const { context } = state;
    const request = buildRequest(context.project, state.service(step.service), context.build);
    return context.engine.buildImage(request, (text) => context.onOutput?.(step.service, text), context.signal);
  },
  'remove-image': ({ image }, { context }) => context.engine.removeImage(image, { force: false }),
  'create-network': ({ network: key }, { context: { engine, project } }) => {
    const network = declared(project.networks, key);
    return createNetwork(engine, network, networkLabels(project, key, network));
  },
  'remove-network': ({ networkId }, { context }) => context.engine.removeNetwork(networkId),
  'create-volume': ({ volume: key }, { context: { engine, project } }) => {
    const volume = declared(project.volumes, key);
    return engine.createVolume(volume, volumeLabels(project, key, volume));
  },
  'remove-volume': ({ name }, { context }) => context.engine.removeVolume(name),
  'create-container': makeContainer,
  'copy-files': ({ container, service }, state) => copyFiles(state.idOf(container), service, state),
  'start-container': async ({ container }, state) => {
    const { engine } = state.context;
    try {
      await engine.startContainer(state.idOf(container));
    } catch (error) {
      throw await explainPortConflict(error, engine, container.name);
    }
  },
  'stop-container': ({ container, timeoutSeconds }, state) =>
    state.context.engine.stopContainer(state.idOf(container), timeoutSeconds, state.context.signal),
  'restart-container': ({ container, timeoutSeconds }, state) =>
    state.context.engine.restartContainer(state.idOf(container), timeoutSeconds, state.context.signal),
  'kill-container': ({ container, signal }, state) => state.context.engine.killContainer(state.idOf(container), signal),
  'pause-container': ({ container }, state) => state.context.engine.pauseContainer(state.idOf(container)),
  'unpause-container': ({ container }, state) => state.context.engine.unpauseContainer(state.idOf(container)),
  'rename-container': ({ container, name }, state) =>
    renameContainer(state.context.engine, state.idOf(container), name),
  'remove-container': ({ container, force, volumes }, state) =>
    state.context.engine.removeContainer(state.idOf(container), { force, volumes }),
  'run-hook': runHook,
  'run-provider': runProvider,
  'wait-condition': passGate,
};

/** Carries out one step; rejects when it fails, with an error that calls containers by their names. */
export async function performStep<A extends Action>(step: StepOf<A>, state: ExecutionState): Promise<void> {
  try {
    await (ACTIONS[step.action] as Perform<A>)(step, state);
  } catch (error) {
    throw 'container' in step ? withName(error, state.idOf(step.container), step.container.name) : error;
  }
}

/** Engines speak of ids; nobody knows a container by its id. */
function withName(error: unknown, id: string, name: string): unknown {
  const short = id.slice(0, 12);
  if (!(error instanceof EngineError) || !error.message.includes(short)) return error;
  const { kind, verb, status, hint, cause } = error;
  return new EngineError(error.message.replaceAll(id, name).replaceAll(short, name), {
    kind,
    verb,
    resource: `container "${name}"`,
    ...(status === undefined ? {} : { status }),
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}

function declared<T>(record: Readonly<Record<string, T>>, key: string): T {
  const found = record[key];
  if (found === undefined) throw new Error(`the plan names "${key}", which the project does not declare`);
  return found;
}

async function pullImage(step: StepOf<'pull-image'>, state: ExecutionState): Promise<void> {
  const { context } = state;
  const [parentId = step.image] = step.services;
  const tell = (status: string, kind: 'working' | 'done'): void => {
    for (const id of step.services) state.emit({ id, status, kind });
  };
  tell(STATUS.pulling, 'working');
  await context.engine.pullImage(
    step.image,
    {
      ...(step.platform === undefined ? {} : { platform: step.platform }),
      onProgress: ({ layer, status, ...bytes }) => {
        if (!step.quiet)
          state.emit({ id: layer, parentId, status, kind: LAYER_DONE.test(status) ? 'done' : 'working', ...bytes });
      },
    },
    context.signal,
  );
  tell(STATUS.pulled, 'done');
}

const LAYER_DONE = /^(Pull complete|Already exists|Download complete)/;

async function makeContainer(step: StepOf<'create-container'>, state: ExecutionState): Promise<void> {
  const { engine, project } = state.context;
  const service = state.service(step.service);
  const image = await state.image(imageOf(project, service));
  const peerIds = Object.fromEntries(Object.entries(step.peers).map(([name, ref]) => [name, state.idOf(ref)]));
  const id = await createContainer(engine, containerRequest(project, step, { service, image, peerIds }));
  state.containers.set(step.id, id);
}

async function copyFiles(id: string, name: string, state: ExecutionState): Promise<void> {
  const { engine, project } = state.context;
  const files = copiedFiles(project, state.service(name));
  // docker compose mounts every file of the host: in a container of its making, nothing is to be copied onto these.
  const hasFiles = files.some(({ source }) => 'file' in source);
  const { mounts } = hasFiles ? await engine.inspectContainer(id) : { mounts: [] };
  const seconds = Math.floor(Date.now() / 1000);
  for (const { source, ...file } of files) {
    if (mounts.some(({ target }) => target === file.target)) continue;
    const content = 'file' in source ? await readSource(source.file, name) : source.text;
    await engine.putArchive(id, '/', tarOf([{ ...file, content }], seconds), { copyUidGid: file.owned });
  }
}

async function readSource(path: string, service: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new WindlassError('PLAN_FILE', `service "${service}": cannot read "${path}": ${reasonOf(cause)}`, { cause });
  }
}
