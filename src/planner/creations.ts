// Creating what may just have been created: a command that was killed leaves its last request with the engine, which carries
// it out a moment later. Such a conflict is no failure when what is there is exactly what was asked for.
import type { ContainerDetails, CreateContainer, Engine } from '../engine/engine.ts';
import { EngineError, isConflict } from '../errors.ts';
import type { Network } from '../model.ts';
import { LABEL } from '../names.ts';
import type { Labels } from './labels.ts';

/**
 * docker checks names only against networks that are ready: two requests at the same time make two networks of one name,
 * with which nothing works any more. The later one is taken back.
 */
export async function createNetwork(engine: Engine, network: Network, labels: Labels): Promise<void> {
  try {
    const id = await engine.createNetwork(network, labels);
    if (await isAmbiguous(engine, network.name)) await takeBack(engine, network.name, id, labels);
  } catch (error) {
    const there = isConflict(error) ? await engine.findNetwork(network.name) : undefined;
    if (there === undefined || !carries(there.labels, labels)) throw error;
  }
}

/** Asked for a name that two networks have, the engine answers with an error. */
const isAmbiguous = (engine: Engine, name: string): Promise<boolean> =>
  engine.findNetwork(name).then(
    () => false,
    (error: unknown) => {
      if (error instanceof EngineError && error.kind !== 'unavailable') return true;
      throw error;
    },
  );

async function takeBack(engine: Engine, name: string, id: string, labels: Labels): Promise<void> {
  const { networks } = await engine.observe(labels[LABEL.project] ?? '');
  const hasTwin = networks.some((one) => one.name === name && one.id !== id && carries(one.labels, labels));
  if (hasTwin) await engine.removeNetwork(id);
}

/** Returns the container's id. One that lacks a network is not what was asked for. */
export async function createContainer(engine: Engine, request: CreateContainer): Promise<string> {
  try {
    return await engine.createContainer(request);
  } catch (error) {
    const there = isConflict(error) ? await engine.findContainer(request.name) : undefined;
    if (there === undefined) throw error;
    if (!isWhatWasAskedFor(there, request)) throw nameTaken(request.name, there, error);
    return there.id;
  }
}

const isWhatWasAskedFor = (there: ContainerDetails, request: CreateContainer): boolean =>
  there.state === 'created' &&
  carries(there.labels, request.labels) &&
  request.attachments.every(({ network }) => there.networks[network] !== undefined);

function nameTaken(name: string, { id, labels }: ContainerDetails, cause: unknown): EngineError {
  const [project, service] = [labels[LABEL.project], labels[LABEL.service]];
  const owner = project === undefined || service === undefined ? '' : ` (service "${service}" of project "${project}")`;
  return new EngineError(
    `cannot create container "${name}": the name is taken by container ${id.slice(0, 12)}${owner}`,
    {
      kind: 'conflict',
      verb: 'createContainer',
      resource: `container "${name}"`,
      hint: `remove it with "docker rm -f ${name}", or choose another "container_name"`,
      cause,
    },
  );
}

export async function renameContainer(engine: Engine, id: string, name: string): Promise<void> {
  try {
    await engine.renameContainer(id, name);
  } catch (error) {
    const there = await engine.findContainer(id);
    if (there?.name !== name) throw error;
  }
}

const carries = (actual: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([key, value]) => actual[key] === value);
