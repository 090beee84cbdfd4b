// What every group of verbs shares: one dockerode per call, bound to the caller's signal, and errors in windlass's terms.
import type Docker from 'dockerode';
import type { Host } from '../../host.ts';
import type { Capabilities, EngineKind } from '../engine.ts';
import { toEngineError } from './failures.ts';
import { answerMessage, type Call, type Callback, contentOf, EngineAnswer, type Modem } from './modem.ts';
import type { EngineTarget } from './target.ts';

/** What a verb is about, for its errors. */
export interface About {
  readonly verb: string;
  readonly resource?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Client {
  readonly kind: EngineKind;
  readonly endpoint: string;
  readonly target: EngineTarget;
  readonly modem: Modem;
  readonly host: Host;
  /** The environment of the process: DOCKER_DEFAULT_PLATFORM, PATH for helpers. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly capabilities: Capabilities;
}

/** Runs one verb: the dockerode it gets obeys the signal; what it throws comes out as EngineError. */
export async function ask<T>(client: Client, about: About, run: (docker: Docker) => Promise<T>): Promise<T> {
  try {
    about.signal?.throwIfAborted();
    return await run(await bound(client.modem, about.signal));
  } catch (error) {
    throw toEngineError(error, { ...about, endpoint: client.endpoint });
  }
}

/** As `ask`, for answers that dockerode would collect whole: the response comes as a stream. */
export async function askStream<T>(client: Client, about: About, run: (docker: Docker) => Promise<T>): Promise<T> {
  try {
    about.signal?.throwIfAborted();
    return await run(await bound(client.modem, about.signal, { isStream: true }));
  } catch (error) {
    throw toEngineError(error, { ...about, endpoint: client.endpoint });
  }
}

/**
 * Looks something up. A command that changes nothing asks only this, and so starts without dockerode, which takes longer to
 * load than the engine to answer. `path` is without the version, and already fit for a URL.
 */
export async function look<T>(client: Client, about: About, path: string): Promise<T> {
  try {
    about.signal?.throwIfAborted();
    const answer = await client.modem.look(path, about.signal);
    if (answer.status !== 200) throw new EngineAnswer(answer.status, answerMessage(answer));
    return contentOf(answer) as T;
  } catch (error) {
    throw toEngineError(error, { ...about, endpoint: client.endpoint });
  }
}

/** `?all=true&filters={"label":["a"]}`, as the engine wants its filters. */
export const filtered = (filters: Readonly<Record<string, readonly string[]>>): string =>
  `filters=${encodeURIComponent(JSON.stringify(filters))}`;

async function bound(modem: Modem, signal: AbortSignal | undefined, extra: Partial<Call> = {}): Promise<Docker> {
  const { default: Docker } = await import('dockerode');
  const dial = (call: Call, callback: Callback): void =>
    modem.dial({ ...call, ...extra, abortSignal: signal }, callback);
  return new Docker({ modem: { Promise, dial } } as Docker.DockerOptions);
}

export const container = (id: string): string => `container "${/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id}"`;
