// The native engine where it does not run and has nothing: who looks for containers is told that there are none, and for
// everything else it is started.
import type { Engine, ObservedContainer } from './engine.ts';

/** What is asked in looking for a project, as an engine without containers, volumes and networks of the user's answers it. */
type Looks = Pick<
  Engine,
  | 'observe'
  | 'listContainers'
  | 'listProjectContainers'
  | 'listPublishedPorts'
  | 'listVolumeUsers'
  | 'findContainer'
  | 'findVolume'
  | 'findNetwork'
> &
  Partial<Pick<Engine, 'findImage'>>;

const none = (): Promise<readonly ObservedContainer[]> => Promise.resolve([]);
const notThere = (): Promise<undefined> => Promise.resolve(undefined);

/** These are always there. */
const PREDEFINED: readonly string[] = ['bridge', 'host', 'none', 'default'];

const looksAtNothing = (images: boolean, awake: () => Promise<Engine>): Looks => ({
  observe: (project) => Promise.resolve({ project, containers: [], networks: [], volumes: [] }),
  listContainers: none,
  listProjectContainers: none,
  listPublishedPorts: none,
  listVolumeUsers: none,
  findContainer: notThere,
  findVolume: notThere,
  ...(images ? {} : { findImage: notThere }),
  findNetwork: async (name, signal) =>
    PREDEFINED.includes(name) ? (await awake()).findNetwork(name, signal) : undefined,
});

/** Verbs that give a stream at once: these wait for the engine within it. */
const STREAMS: ReadonlySet<string | symbol> = new Set<keyof Engine>(['logs', 'stats', 'events']);

export interface Dormant {
  readonly endpoint: string;
  /** It has images. */
  readonly images: boolean;
  /** Starts the engine and connects to it; called once at most, with the first verb that is no look. */
  readonly wake: () => Promise<Engine>;
}

export function dormantEngine({ endpoint, images, wake }: Dormant): Engine {
  let woken: Promise<Engine> | undefined;
  const awake = (): Promise<Engine> => {
    woken ??= wake();
    return woken;
  };
  const looks = looksAtNothing(images, awake);
  const asleep = {
    ...looks,
    kind: 'native',
    endpoint,
    // Who woke it has been told where that failed.
    close: async () => (await woken?.catch(() => undefined))?.close(),
  };
  return new Proxy(asleep as unknown as Engine, {
    get(target, name) {
      // Whoever waits for the engine itself must not take it for a promise.
      if (name === 'then') return undefined;
      const own: unknown = Reflect.get(target, name);
      if (own !== undefined && (woken === undefined || !(name in looks))) return own;
      const call = async (args: readonly unknown[]): Promise<unknown> => {
        const engine = await awake();
        const verb: unknown = Reflect.get(engine, name);
        return typeof verb === 'function' ? Reflect.apply(verb, engine, args) : verb;
      };
      if (!STREAMS.has(name)) return (...args: readonly unknown[]) => call(args);
      return async function* (...args: readonly unknown[]) {
        yield* (await call(args)) as AsyncIterable<unknown>;
      };
    },
  });
}
