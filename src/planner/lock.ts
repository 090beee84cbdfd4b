// One project is changed by one command at a time. The lock is a listening socket: the kernel takes it away with its holder,
// whatever the holder dies of, and who waits is woken when the connection to the holder ends.
import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../errors.ts';

/** What a holder says of itself. */
export interface LockHolder {
  readonly pid: number;
  /** The command word: `up`. */
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface ProjectLock {
  /** Lets the next one in. Safe to call twice. */
  release(): void;
}

export interface LockRequest {
  /** Where the engine listens: the same project on another engine is another project. */
  readonly endpoint: string;
  readonly project: string;
  readonly command: string;
  readonly signal?: AbortSignal;
  /** Told once for every holder that has to be waited for. */
  readonly onWait?: (holder: LockHolder) => void;
}

/** Waits until nobody else on this machine changes the project. Rejects with InterruptedError when the signal is aborted. */
export async function lockProject(request: LockRequest): Promise<ProjectLock> {
  const path = socketPath(request);
  let told = 0;
  for (;;) {
    if (request.signal?.aborted === true) throw new InterruptedError();
    const lock = await tryListen(path, request);
    if (lock !== undefined) return lock;
    await untilReleased(path, request.signal, (holder) => {
      if (holder.pid !== told && holder.pid !== process.pid) request.onWait?.(holder);
      told = holder.pid;
    });
  }
}

/** On Linux a name without a file (unix(7), "abstract"), so that nothing is left over; elsewhere a file. */
function socketPath({ endpoint, project }: LockRequest): string {
  const name = `windlass-${createHash('sha256').update(`${endpoint}\n${project}`).digest('hex').slice(0, 40)}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name);
}

function tryListen(path: string, { command }: LockRequest): Promise<ProjectLock | undefined> {
  const waiting = new Set<Socket>();
  const holder: LockHolder = { pid: process.pid, command, since: new Date().toISOString() };
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.unref();
    // Who waits may go away at any time.
    socket.on('error', () => waiting.delete(socket)).on('close', () => waiting.delete(socket));
    socket.write(`${JSON.stringify(holder)}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => {
      server.unref();
      resolve({ release: () => release(server, waiting) });
    });
  });
}

function release(server: Server, waiting: Set<Socket>): void {
  server.close();
  for (const socket of waiting) socket.destroy();
  waiting.clear();
}

/** Resolves when the holder is gone. `onHolder` hears who it is. */
function untilReleased(
  path: string,
  signal: AbortSignal | undefined,
  onHolder: (holder: LockHolder) => void,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const socket = connect(path);
    const leave = (): void => void socket.destroy();
    signal?.addEventListener('abort', leave, { once: true });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end === -1) return;
      const holder = parseHolder(text.slice(0, end));
      text = '';
      if (holder !== undefined) onHolder(holder);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A socket file whose holder died without removing it; an abstract one is simply gone.
      if (error.code === 'ECONNREFUSED' && !path.startsWith('\0')) void unlink(path).catch(() => undefined);
    });
    socket.on('close', () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    });
  });
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, command, since } = value as Partial<LockHolder>;
    return typeof pid === 'number' && typeof command === 'string' && typeof since === 'string'
      ? { pid, command, since }
      : undefined;
  } catch {
    return undefined;
  }
}
