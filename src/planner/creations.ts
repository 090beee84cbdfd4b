// Creating what may just have been created: a command that was killed leaves its last request with the engine, which carries
// it out a moment later. Such a conflict is no failure when what is there is exactly what was asked for.
import type { CreateContainer, Engine } from '../engine/engine.ts';
import { isConflict } from '../errors.ts';
import type { Network } from '../model.ts';
import type { Labels } from './labels.ts';

export async function createNetwork(engine: Engine, network: Network, labels: Labels): Promise<void> {
  try {
    await engine.createNetwork(network, labels);
  } catch (error) {
    const there = isConflict(error) ? await engine.findNetwork(network.name) : undefined;
    if (there === undefined || !carries(there.labels, labels)) throw error;
  }
}

/** Returns the container's id. One that lacks a network is not what was asked for. */
export async function createContainer(engine: Engine, request: CreateContainer): Promise<string> {
  try {
    return await engine.createContainer(request);
  } catch (error) {
    const there = isConflict(error) ? await engine.findContainer(request.name) : undefined;
    if (there === undefined || there.state !== 'created' || !carries(there.labels, request.labels)) throw error;
    if (request.attachments.some(({ network }) => there.networks[network] === undefined)) throw error;
    return there.id;
  }
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
