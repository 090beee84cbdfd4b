// What the containers of a service should have of the host's files, and bringing each of them there. Every synced path has a place in
// a row; a container that has everything up to some place gets what comes after. A new container starts at the beginning.
import type { Engine, ObservedContainer } from '../engine/engine.ts';
import { EngineError, messageOf, WindlassError } from '../errors.ts';
import type { Owner, Owners } from './owner.ts';
import type { QuickWay } from './quick-way.ts';
import type { Remover } from './removal.ts';
import { archiveOf, isPlain, type Mapping, type SyncWork, syncWork } from './sync-archive.ts';

/** More than this many containers at once would not be faster. */
const AT_ONCE = 16;

export class Replication {
  readonly #engine: Engine;
  readonly #remover: Remover;
  readonly #owners: Owners;
  readonly #quick: QuickWay;
  /** Container path → what belongs there, and its place in the row. */
  readonly #row = new Map<string, { readonly mapping: Mapping; readonly place: number }>();
  /** Container id → the last place that it has. */
  readonly #reached = new Map<string, number>();
  #last = 0;

  constructor(engine: Engine, remover: Remover, owners: Owners, quick: QuickWay) {
    this.#engine = engine;
    this.#remover = remover;
    this.#owners = owners;
    this.#quick = quick;
  }

  /** Notes changed paths, to be sent with the next `catchUp`. */
  add(mappings: Iterable<Mapping>): void {
    for (const mapping of mappings) {
      this.#last += 1;
      this.#row.set(mapping.target, { mapping, place: this.#last });
    }
  }

  /** What a container holds outside of images and volumes is lost when it stops. */
  startOver(container: string): void {
    this.#reached.delete(container);
  }

  /** Sends every container what it lacks. Rejects with all that went wrong, after having tried all of them. */
  async catchUp(containers: readonly ObservedContainer[], signal?: AbortSignal): Promise<void> {
    const upTo = this.#last;
    const failures: string[] = [];
    for (const [reached, behind] of this.#byPlace(containers)) {
      const lacking = [...this.#row.values()].filter(({ place }) => place > reached);
      if (lacking.length === 0) continue;
      const work = syncWork(lacking.map(({ mapping }) => mapping));
      const send = sender(work);
      for (let at = 0; at < behind.length; at += AT_ONCE)
        await Promise.all(
          behind.slice(at, at + AT_ONCE).map(async (container) => {
            try {
              await this.#apply(container.id, work, send, signal);
              this.#reached.set(container.id, upTo);
            } catch (error) {
              signal?.throwIfAborted();
              // It stopped or went meanwhile: it gets all of it when it starts again.
              if (isAway(error)) return;
              // Sending the same again with every later save would keep those from arriving as well.
              this.#reached.set(container.id, upTo);
              failures.push(`${container.name}: ${messageOf(error)}`);
            }
          }),
        );
    }
    if (failures.length > 0) throw new WindlassError('WATCH_SYNC', `cannot sync to ${failures.join('\n')}`);
  }

  /** Containers that lack something, by the place up to which they have everything. */
  #byPlace(containers: readonly ObservedContainer[]): Map<number, ObservedContainer[]> {
    const groups = new Map<number, ObservedContainer[]>();
    for (const container of containers) {
      const reached = this.#reached.get(container.id) ?? 0;
      if (reached < this.#last) groups.set(reached, [...(groups.get(reached) ?? []), container]);
    }
    return groups;
  }

  async #apply(id: string, work: SyncWork, send: (owner: Owner) => Sendable, signal?: AbortSignal): Promise<void> {
    // Copies first: what is waited for is seldom a removal, and nothing that is removed is in the way of what is copied.
    if (work.items.length > 0) await this.#copy(id, work, send(await this.#owners.of(id, signal)), signal);
    if (work.removals.length > 0 && !(await this.#quick.remove(id, work.removals)))
      await this.#quick.timed(id, 0, () => this.#remover.remove(id, work.removals, signal));
  }

  async #copy(id: string, work: SyncWork, archive: Sendable, signal?: AbortSignal): Promise<void> {
    const put = (): Promise<void> => this.#engine.putArchive(id, '/', archive, {}, signal);
    if (!Buffer.isBuffer(archive)) await put();
    else if (!isPlain(work.items) || !(await this.#quick.copy(id, archive)))
      await this.#quick.timed(id, archive.length, put);
  }
}

type Sendable = Parameters<Engine['putArchive']>[2];

/** One archive for all containers that run as the same user, where it fits into memory. */
function sender(work: SyncWork): (owner: Owner) => Sendable {
  const made = new Map<string, ReturnType<typeof archiveOf>>();
  return (owner) => {
    const key = `${owner.uid}:${owner.gid}`;
    const archive = made.get(key) ?? archiveOf(work.items, owner);
    made.set(key, archive);
    return typeof archive === 'function' ? archive() : archive;
  };
}

const isAway = (error: unknown): boolean =>
  error instanceof EngineError && (error.kind === 'not-found' || error.kind === 'conflict');
