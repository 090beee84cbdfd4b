// Signals to a container's first process, and the two ways of ending it.
import type { EventBus } from '../events.ts';
import type { NativeHost } from '../host.ts';
import { ApiError, conflict } from '../server/api-error.ts';
import { eventAttributes } from './event-attributes.ts';
import { signalNumber, signalProcess } from './process.ts';
import type { Runtime } from './runtime.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';
import { within } from './waiting.ts';

const DEFAULT_STOP_SECONDS = 10;
/** After a SIGKILL the kernel may take a while to tear a process down, not this long. */
const KILL_DEADLINE_MS = 30_000;

/** How long a kill waits for the end before it answers all the same; Docker's. */
const KILL_WAIT_MS = 10_000;

export interface SignalParts {
  readonly host: NativeHost;
  readonly store: ContainerStore;
  readonly events: EventBus;
  readonly runtime: Runtime;
}

export interface StopRequest {
  /** Before SIGKILL; the container's own without one, for ever when negative. */
  readonly seconds?: number | undefined;
  /** The container's own without one. */
  readonly signal?: string | undefined;
  /** `false` where its restart policy goes on to count: the engine stops it for its own sake. */
  readonly byUser?: boolean;
}

/**
 * Sends a signal; a container that does not run is a conflict. SIGKILL is waited for, as clients look at the state next:
 * `end` is asked for the container's end before the signal is sent.
 */
export async function killContainer(
  parts: SignalParts,
  id: string,
  signalText: string,
  end: (id: string) => Promise<unknown>,
): Promise<void> {
  const { store, events, runtime } = parts;
  const record = findToKill(store, id);
  const signal = signalNumber(signalText);
  if (signal === undefined) throw new ApiError(400, `Invalid signal: ${signalText}`);
  if (!isLive(record.state.status))
    throw conflict(`Cannot kill container: ${id}: Container ${record.id} is not running`);
  const ended = signal === 9 ? end(record.id) : undefined;
  // Its own stop signal is meant to end it, as SIGKILL is: its restart policy does not bring it back, and paused it could not obey.
  const final = signal === 9 || signal === stopSignal(record);
  if (final) store.updateState(record.id, { stoppedByUser: true });
  await send(parts, record, signal);
  if (record.state.status === 'paused' && final) await runtime.call(record.id, ['resume']).catch(() => undefined);
  events.emit('container', 'kill', record.id, { ...eventAttributes(record), signal: String(signal) });
  if (ended) await within(ended, KILL_WAIT_MS);
}

const stopSignal = ({ config }: ContainerRecord): number => signalNumber(config.StopSignal || 'SIGTERM') ?? 15;

/** Docker says what it was about, here and nowhere else. */
function findToKill(store: ContainerStore, id: string): ContainerRecord {
  try {
    return store.find(id);
  } catch (error) {
    throw error instanceof ApiError
      ? new ApiError(error.status, `Cannot kill container: ${id}: ${error.message}`)
      : error;
  }
}

/** Ends a running container: its own signal, then, after the time-out, SIGKILL. `ended` resolves with its end. */
export async function stopContainer(
  parts: SignalParts,
  record: ContainerRecord,
  ended: Promise<unknown>,
  request: StopRequest,
): Promise<void> {
  const { store, events, runtime } = parts;
  if (request.byUser !== false) store.updateState(record.id, { stoppedByUser: true });
  if (record.state.status === 'paused') await runtime.call(record.id, ['resume']);
  const signal = (request.signal ? signalNumber(request.signal) : undefined) ?? stopSignal(record);
  await send(parts, record, signal);
  events.emit('container', 'kill', record.id, { ...eventAttributes(record), signal: String(signal) });
  const timeout = request.seconds ?? record.config.StopTimeout ?? DEFAULT_STOP_SECONDS;
  if (!(await within(ended, timeout < 0 ? undefined : timeout * 1000))) {
    await send(parts, record, 9);
    if (!(await within(ended, KILL_DEADLINE_MS)))
      throw new ApiError(500, `container ${record.id} did not end although it was killed`);
  }
  events.emit('container', 'stop', record.id, eventAttributes(record));
}

async function send({ host }: SignalParts, record: ContainerRecord, signal: number): Promise<void> {
  await signalProcess(host, record.state.pid, record.state.pidStart, signal);
}
