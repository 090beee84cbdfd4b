// Where the API listens: a Unix socket of its own or one that a keeper holds, and TCP where it was asked for.
import { chmod, chown, lstat, readFile, rm } from 'node:fs/promises';
import { createConnection, isIP, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { UsageError, WindlassError } from '../../../errors.ts';
import { makeFolder } from '../../../make-folder.ts';

/** An address to listen on, beside the Unix socket. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** Files of TLS. With `authority`, clients have to show a certificate that it signed. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string | undefined;
}

const DEFAULT_PORTS = { plain: 2375, tls: 2376 };

/**
 * `tcp://127.0.0.1:2376` → the address. Whoever reaches the API is root on this machine: without TLS it may be a loopback
 * address alone, or the user has to insist.
 * @throws UsageError
 */
export function tcpAddress(text: string, options: { readonly tls: boolean; readonly insist: boolean }): TcpAddress {
  const match = /^tcp:\/\/(?:\[([^\]]*)\]|([^:/[\]]*))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? (options.tls ? DEFAULT_PORTS.tls : DEFAULT_PORTS.plain));
  if (!match || host === '' || port > 65535)
    throw new UsageError(`cannot listen on "${text}"`, {
      hint: 'write it as tcp://ADDRESS:PORT, such as tcp://127.0.0.1:2376',
    });
  if (!options.tls && !options.insist && !isLoopback(host))
    throw new UsageError(`will not listen on "${text}" without TLS: whoever reaches it is root on this machine`, {
      hint: 'add --tlsverify --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem, or insist with --insecure-tcp',
    });
  return { host, port };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Reads the files; names the one that cannot be read. */
export async function tlsOptions(
  files: TlsFiles,
): Promise<SecureContextOptions & { requestCert: boolean; rejectUnauthorized: boolean }> {
  const read = (flag: string, path: string): Promise<Buffer> =>
    readFile(path).catch((error: unknown) => {
      throw new WindlassError('ENGINE_TLS', `cannot read --${flag} "${path}"`, { cause: error });
    });
  const [cert, key, ca] = await Promise.all([
    read('tlscert', files.certificate),
    read('tlskey', files.key),
    files.authority === undefined ? undefined : read('tlscacert', files.authority),
  ]);
  const verify = ca !== undefined;
  return {
    cert,
    key,
    ...(verify ? { ca } : {}),
    requestCert: verify,
    rejectUnauthorized: verify,
    minVersion: 'TLSv1.2',
  };
}

/** Listens on a path: 0660, root and the group. A socket that nobody serves any more is replaced. */
export async function listenOnPath(server: Server, path: string, group: number): Promise<void> {
  await makeFolder(dirname(path));
  if (await answers(path))
    throw new WindlassError('ENGINE_SOCKET_IN_USE', `something else answers on "${path}"`, {
      hint: 'give another --socket',
    });
  const there = await lstat(path).catch(() => undefined);
  if (there && !there.isSocket())
    throw new WindlassError('ENGINE_SOCKET_IN_USE', `"${path}" is no socket, and is not replaced by one`, {
      hint: 'move it away, or give another --socket',
    });
  await rm(path, { force: true });
  await listening(server, () => server.listen(path));
  await chown(path, process.getuid?.() ?? 0, group);
  await chmod(path, 0o660);
}

export const listenOnDescriptor = (server: Server, fd: number): Promise<void> =>
  listening(server, () => server.listen({ fd }));

/** Returns the port, which the kernel chose where 0 was asked for. */
export async function listenOnTcp(server: Server, { host, port }: TcpAddress): Promise<number> {
  await listening(server, () => server.listen({ host, port })).catch((error: unknown) => {
    throw new WindlassError('ENGINE_SOCKET_IN_USE', `cannot listen on tcp://${host}:${port}`, { cause: error });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection: Socket = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
