// `/session`: a client opens a connection on which it answers a build's questions for secrets, agents and contexts.
import { SessionConnection } from '../builder/session-connection.ts';
import { badRequest, notFound } from './api-error.ts';
import type { Exchange } from './exchange.ts';

const ID = /^[\w.-]{1,128}$/;

export class BuildSessions {
  readonly #sessions = new Map<string, SessionConnection>();

  /** Takes a connection over; it counts until the client closes it. */
  open(exchange: Exchange): void {
    const header = exchange.headers['x-docker-expose-session-uuid'];
    const id = Array.isArray(header) ? header[0] : header;
    if (id === undefined || !ID.test(id)) throw badRequest('a session needs an id in X-Docker-Expose-Session-Uuid');
    if (this.#sessions.has(id)) throw badRequest(`session ${id} is open already`);
    if (exchange.headers.upgrade === undefined)
      throw badRequest('a session needs a connection that is upgraded to h2c');
    const { output } = exchange.hijack('application/vnd.docker.raw-stream');
    const session = new SessionConnection(output);
    this.#sessions.set(id, session);
    session.onClose(() => this.#sessions.delete(id));
  }

  /** The session of an id; none for an empty one. */
  find(id: string): SessionConnection | undefined {
    if (id === '') return undefined;
    const session = this.#sessions.get(id);
    if (!session) throw notFound(`no active session for ${id}`);
    return session;
  }
}
