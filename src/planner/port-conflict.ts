// Who holds a host port that a container could not get: a container of some project, or a process of this machine.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Engine, ObservedContainer } from '../engine/engine.ts';
import { EngineError, WindlassError } from '../errors.ts';
import { LABEL } from '../names.ts';

/** `Bind for 0.0.0.0:80 failed: port is already allocated`, `listen tcp4 0.0.0.0:80: bind: address already in use`. */
const TAKEN =
  /(?:Bind for|listen (?<protocol>tcp|udp|sctp)\d?) \S*?:(?<port>\d+)(?: failed)?: (?:port is already allocated|bind: address already in use)/;

/** The error itself, or one that names the holder when it is about a taken port. */
export async function explainPortConflict(error: unknown, engine: Engine, container: string): Promise<unknown> {
  const match = error instanceof Error ? TAKEN.exec(error.message) : null;
  const port = Number(match?.groups?.port ?? 0);
  if (port === 0) return error;
  const protocol = match?.groups?.protocol ?? 'tcp';
  const holder = (await holdingContainer(engine, port, protocol)) ?? (await holdingProcess(engine, port, protocol));
  if (holder === undefined) return error;
  const text = `cannot start container "${container}": port ${port}/${protocol} is held by ${holder.text}`;
  const facts = { hint: `${holder.hint}, or publish another port`, cause: error };
  return error instanceof EngineError
    ? new EngineError(text, { ...facts, kind: 'conflict', verb: error.verb, resource: `container "${container}"` })
    : new WindlassError('PORT_TAKEN', text, facts);
}

interface Holder {
  readonly text: string;
  readonly hint: string;
}

async function holdingContainer(engine: Engine, port: number, protocol: string): Promise<Holder | undefined> {
  const containers = await engine.listPublishedPorts().catch((): readonly ObservedContainer[] => []);
  const found = containers.find(({ ports }) => ports.some((one) => one.hostPort === port && one.protocol === protocol));
  if (found === undefined) return undefined;
  const [project, service] = [found.labels[LABEL.project], found.labels[LABEL.service]];
  return project === undefined || service === undefined
    ? { text: `container "${found.name}"`, hint: `stop it with "docker stop ${found.name}"` }
    : {
        text: `container "${found.name}" (service "${service}" of project "${project}")`,
        hint: `stop it with "windlass -p ${project} stop ${service}"`,
      };
}

/** Only where the engine is on this machine; reading others' file descriptors needs root. */
async function holdingProcess(engine: Engine, port: number, protocol: string): Promise<Holder | undefined> {
  if (!engine.endpoint.startsWith('unix:')) return undefined;
  const inodes = await socketInodes(port, protocol);
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)))
    if (await holdsSocket(pid, inodes)) {
      const name = await processName(pid);
      return { text: `process ${pid} (${name})`, hint: `stop it` };
    }
  return { text: 'a process of this machine', hint: `find it with "ss -lnp" as root and stop it` };
}

/** The program as it was called; threads may have names of their own, so `comm` is only second best. */
async function processName(pid: string): Promise<string> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [program = ''] = (await read('cmdline')).split('\0');
  return basename(program) || (await read('comm')).trim() || 'unknown';
}

/** Inodes of listening sockets on a port, of both address families. */
async function socketInodes(port: number, protocol: string): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(
    [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const [listening, wanted] = [protocol === 'tcp' ? '0A' : '07', port.toString(16).toUpperCase().padStart(4, '0')];
  const inodes = new Set<string>();
  for (const line of tables.flatMap((table) => table.split('\n').slice(1))) {
    const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    if (local.endsWith(`:${wanted}`) && state === listening) inodes.add(`socket:[${inode}]`);
  }
  return inodes;
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return links.some((link) => inodes.has(link));
}
