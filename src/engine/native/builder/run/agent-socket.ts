// A Unix socket that leads to an ssh agent of the client.
import { createServer } from 'node:net';
import type { ClientSession } from '../session.ts';

/** Listens at `path`: each connection is one to the agent. Returns how to end it; undefined where the client has none of that id. */
export async function serveAgent(
  session: ClientSession,
  id: string,
  path: string,
): Promise<(() => Promise<unknown>) | undefined> {
  const probe = await session.agent(id);
  probe?.destroy();
  if (!probe) return undefined;
  const server = createServer((connection) => {
    const end = (): void => void connection.destroy();
    connection.on('error', end);
    session.agent(id).then((agent) => {
      if (!agent) return end();
      agent.on('error', end).on('close', end);
      connection.on('close', () => agent.destroy());
      connection.pipe(agent).pipe(connection);
    }, end);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return () => new Promise((resolve) => server.close(resolve));
}
