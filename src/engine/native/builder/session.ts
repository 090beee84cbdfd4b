// What a build may ask its client for while it runs. The connection behind it is in server/build-session.ts.
import type { Duplex, Readable } from 'node:stream';

export interface ClientSession {
  /** A secret's content; undefined where the client has none of that id. Never logged. */
  secret(id: string): Promise<Buffer | undefined>;
  /** A connection to the client's ssh agent; undefined where it has none of that id. */
  agent(id: string): Promise<Duplex | undefined>;
}

/** windlass's own addition to what BuildKit's clients serve. */
export interface ContextSession {
  /** A further context as an archive: a folder of the client; undefined where it has none of that name. */
  context(name: string): Promise<Readable | undefined>;
}
