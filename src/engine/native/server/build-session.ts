// `/session`: a client opens a connection on which it answers a build's questions for secrets, agents and contexts.
import type { Duplex } from 'node:stream';
import { SessionConnection } from '../builder/session-connection.ts';
import { badRequest, notFound } from './api-error.ts';
import type { Exchange } from './exchange.ts';

const ID = /^[\w.-]{1,128}$/;
/** A client opens its session while it asks for the build: either may be first. */
const WAIT_MS = 5000;

export class BuildSessions {
  readonly #sessions = new Map<string, SessionConnection>();
  readonly #waiting = new Set<() => void>();

  /** Takes a connection over; it counts until the client closes it. */
  open(exchange: Exchange): void {
    const header = exchange.headers['x-docker-expose-session-uuid'];
    const id = Array.isArray(header) ? header[0] : header;
    this.#check(id ?? '');
    if (exchange.headers.upgrade === undefined)
      throw badRequest('a session needs a connection that is upgraded to h2c');
    this.adopt(id ?? '', exchange.hijack('application/vnd.docker.raw-stream', 'h2c').output);
  }

  /** A session on a connection that is there already. */
  adopt(id: string, connection: Duplex): void {
    this.#check(id);
    const session = new SessionConnection(connection);
    this.#sessions.set(id, session);
    session.onClose(() => this.#sessions.delete(id));
    for (const wake of this.#waiting) wake();
  }

  #check(id: string): void {
    if (!ID.test(id)) throw badRequest('a session needs an id in X-Docker-Expose-Session-Uuid');
    if (this.#sessions.has(id)) throw badRequest(`session ${id} is open already`);
  }

  /** The session of an id; none for an empty one. */
  find(id: string): SessionConnection | undefined {
    if (id === '') return undefined;
    const session = this.#sessions.get(id);
    if (!session) throw notFound(`no active session for ${id}`);
    return session;
  }

  /** The session of an id, also when it is opened in this moment. */
  async wait(id: string, signal: AbortSignal): Promise<SessionConnection> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
    while (!this.#sessions.has(id) && !late.aborted)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          late.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        late.addEventListener('abort', wake);
      });
    const session = this.#sessions.get(id);
    if (!session) throw notFound(`no active session for ${id}`);
    return session;
  }
}
