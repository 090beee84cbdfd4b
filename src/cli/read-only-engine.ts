// An engine that cannot change anything, for `--dry-run`: looking goes through, everything else is refused.
// Built from the list of what looks, so that a verb added later is refused until somebody puts it on the list.
import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';

const LOOKS = [
  'capabilities',
  'observe',
  'listContainers',
  'listProjectContainers',
  'listPublishedPorts',
  'listVolumeUsers',
  'inspectContainer',
  'findContainer',
  'findNetwork',
  'findVolume',
  'findImage',
  'listImages',
  'resolveDigest',
  'saveImages',
  'getArchive',
  'statPath',
  'logs',
  'top',
  'stats',
  'events',
  'close',
] as const satisfies readonly (keyof Engine)[];

const HARMLESS: ReadonlySet<string | symbol> = new Set<string | symbol>([...LOOKS, 'kind', 'endpoint']);

/** The same engine without its writing verbs: each of them rejects with an EngineError. */
export function readOnlyEngine(engine: Engine): Engine {
  return new Proxy(engine, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      if (HARMLESS.has(name)) return value.bind(target);
      return () => Promise.reject(refusal(String(name)));
    },
  });
}

const refusal = (verb: string): EngineError =>
  new EngineError(`dry run: the engine is not asked to ${verb}`, { kind: 'unsupported', verb });
