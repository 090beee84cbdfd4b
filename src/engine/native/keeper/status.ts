// What an engine tells about itself, and telling it to end.
import { setTimeout as delay } from 'node:timers/promises';
import { WindlassError } from '../../../errors.ts';
import type { EnginePlace } from '../../native-place.ts';
import type { EngineStatus } from '../server/own.ts';
import { ask } from './ask.ts';

const DEADLINE_MS = 10_000;
/** Containers may take their time to stop. */
const STOP_DEADLINE_MS = 600_000;

/** Undefined where no engine answers. */
export async function engineStatus(place: EnginePlace): Promise<EngineStatus | undefined> {
  const answer = await ask(place.socket, 'GET', '/windlass/engine', DEADLINE_MS);
  if (answer === undefined) return undefined;
  if (answer.status !== 200)
    throw new WindlassError('ENGINE_FOREIGN', `what answers on "${place.socket}" is not a windlass engine`, {
      hint: 'give the --socket or --root of yours',
    });
  return JSON.parse(answer.body) as EngineStatus;
}

export interface StopOptions {
  readonly containers: boolean;
  readonly seconds: number | undefined;
}

/** Resolves when the engine and what kept it have ended; to false where none answers. */
export async function stopEngine(place: EnginePlace, options: StopOptions): Promise<boolean> {
  const status = await engineStatus(place);
  if (status === undefined) return false;
  const query = new URLSearchParams({
    ...(options.containers ? { containers: '1' } : {}),
    ...(options.seconds === undefined ? {} : { t: String(options.seconds) }),
  });
  const answer = await ask(place.socket, 'POST', `/windlass/engine/stop?${query}`, STOP_DEADLINE_MS);
  if (answer?.status !== 204)
    throw new WindlassError('ENGINE_STOP', `the engine did not stop${answer ? `: ${answer.body.trim()}` : ''}`, {
      hint: `its process is ${status.pid}`,
    });
  const deadline = Date.now() + DEADLINE_MS;
  while (isAlive(status.pid) && Date.now() < deadline) await delay(10);
  if (isAlive(status.pid))
    throw new WindlassError(
      'ENGINE_STOP',
      `the engine, process ${status.pid}, has not ended within ${DEADLINE_MS / 1000} s`,
    );
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
