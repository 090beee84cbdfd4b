// `/containers/{id}/archive`, `/export`, `/stats`, `/top`, `/update`.
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { decompressed } from '../../../archive/compression.ts';
import { type ArchivePlace, getArchive, putArchive, statPath } from '../containers/archive.ts';
import { containerPids, sampleStats } from '../containers/cgroup-stats.ts';
import { eventAttributes } from '../containers/event-attributes.ts';
import type { FilesOfContainer } from '../containers/rootfs.ts';
import { type ContainerRecord, isLive } from '../containers/types.ts';
import { type UpdateRequest, updateContainer } from '../containers/update.ts';
import type { NativeEngine } from '../engine.ts';
import { findProgram } from '../programs.ts';
import { rootIds } from '../user-namespaces/id-mapping.ts';
import { ApiError, badRequest, conflict } from './api-error.ts';
import { bodyOf, LIMITS } from './body.ts';
import type { Exchange } from './exchange.ts';
import { isTrue } from './query.ts';
import type { Routes } from './router.ts';

export function containerFileRoutes(engine: NativeEngine): Routes {
  const find = (exchange: Exchange): ContainerRecord => engine.store.find(exchange.params.id ?? '');
  return {
    'HEAD /containers/{id}/archive': (exchange) =>
      engine.lifecycle.withFiles(find(exchange).id, async (files) => {
        exchange
          .stream(
            200,
            'application/json',
            await statHeader(engine, await placeToRead(engine, exchange, find(exchange), files)),
          )
          .end();
      }),
    'GET /containers/{id}/archive': (exchange) =>
      engine.lifecycle.withFiles(find(exchange).id, async (files) => {
        const from = await placeToRead(engine, exchange, find(exchange), files);
        const header = await statHeader(engine, from);
        await sendAll(getArchive(engine.host, from), exchange.stream(200, 'application/x-tar', header));
      }),
    'PUT /containers/{id}/archive': (exchange) =>
      engine.lifecycle.withFiles(find(exchange).id, async (files) => {
        const record = find(exchange);
        if (record.hostConfig.ReadonlyRootfs) refuseReadOnly(record, pathOf(exchange));
        const { stream } = await decompressed(exchange.body);
        const careful = isTrue(exchange.query.get('noOverwriteDirNonDir'));
        await putArchive(engine.host, place(exchange, record, files), stream, { careful });
        engine.events.emit('container', 'extract-to-dir', record.id, eventAttributes(record));
        exchange.reply(200);
      }),
    'GET /containers/{id}/export': (exchange) =>
      engine.lifecycle.withFiles(find(exchange).id, async (files) => {
        const asked = { container: exchange.params.id ?? '', path: '/' };
        const archive = getArchive(engine.host, { ...files, path: '/.', asked }, { withoutMounts: true });
        await sendAll(archive, exchange.stream(200, 'application/x-tar'));
      }),
    'GET /containers/{id}/stats': (exchange) => stats(engine, find(exchange), exchange),
    'GET /containers/{id}/top': (exchange) => top(engine, find(exchange), exchange),
    'POST /containers/{id}/update': (exchange) => update(engine, exchange),
  };
}

function pathOf(exchange: Exchange): string {
  const path = exchange.query.get('path');
  if (path === null || path === '') throw badRequest('missing parameter: path');
  return path.startsWith('/') ? path : `/${path}`;
}

/** A read-only root takes files only where something writable is mounted. */
function refuseReadOnly(record: ContainerRecord, path: string): void {
  const writable = record.mounts.some(
    (point) => point.RW && (path === point.Destination || path.startsWith(`${point.Destination}/`)),
  );
  if (!writable) throw new ApiError(403, 'container rootfs is marked read-only');
}

/** A container that does not run has no volumes mounted: a path below one of them is looked for in the volume itself. */
function place(exchange: Exchange, record: ContainerRecord, files: FilesOfContainer): ArchivePlace {
  const path = pathOf(exchange);
  const asked = { container: exchange.params.id ?? '', path };
  if (isLive(record.state.status)) return { ...files, path, asked };
  const covering = record.mounts
    .filter(
      (point) => point.Type !== 'tmpfs' && (path === point.Destination || path.startsWith(`${point.Destination}/`)),
    )
    .sort((a, b) => b.Destination.length - a.Destination.length)[0];
  if (!covering) return { ...files, path, asked };
  return { ...files, root: covering.Source, path: path.slice(covering.Destination.length) || '/', asked };
}

/** Written by the engine beside the container's layer, and mounted only while it runs. */
const OWN_FILES = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** As `place`; the engine's own files are there for readers before the first start, too: empty, as in Docker. */
async function placeToRead(
  engine: NativeEngine,
  exchange: Exchange,
  record: ContainerRecord,
  files: FilesOfContainer,
): Promise<ArchivePlace> {
  const found = place(exchange, record, files);
  if (isLive(record.state.status) || found.root !== files.root || !OWN_FILES.includes(found.path)) return found;
  const { home } = engine.paths.container(record.id);
  const own = found.path.slice('/etc'.length);
  await engine.host.files.writeFile(join(home, own), '', { flag: 'a', mode: 0o644 });
  const { uid, gid } = rootIds(record.ids);
  if (record.ids) await engine.host.files.chown(join(home, own), uid, gid);
  return { ...found, root: home, path: own };
}

async function statHeader(engine: NativeEngine, from: ArchivePlace): Promise<Record<string, string>> {
  const facts = await statPath(engine.host, from);
  return { 'X-Docker-Container-Path-Stat': Buffer.from(JSON.stringify(facts)).toString('base64') };
}

/** An archive that fails breaks the answer off, so that nobody takes it for whole; a client that leaves ends the archive. */
const sendAll = (archive: Readable, response: ServerResponse): Promise<void> => pipeline(archive, response);

const INTERVAL_MS = 1000;

async function stats(engine: NativeEngine, record: ContainerRecord, exchange: Exchange): Promise<void> {
  const { machine, host } = engine;
  const facts = { mode: machine.cgroupMode, cpus: machine.cpus, memoryBytes: machine.memoryBytes };
  const streaming = exchange.query.get('stream') === null || isTrue(exchange.query.get('stream'));
  const oneShot = isTrue(exchange.query.get('one-shot'));
  const response = exchange.stream(200, 'application/json');
  let before: Record<string, unknown> | undefined;
  while (!exchange.gone.aborted) {
    const current = engine.store.get(record.id);
    if (!current) break;
    const sample = isLive(current.state.status)
      ? await sampleStats(host, current, facts)
      : {
          id: record.id,
          name: `/${record.name}`,
          read: '0001-01-01T00:00:00Z',
          preread: '0001-01-01T00:00:00Z',
          cpu_stats: {},
          precpu_stats: {},
          memory_stats: {},
          pids_stats: {},
          blkio_stats: {},
        };
    const full = before ? { ...sample, preread: before.read, precpu_stats: before.cpu_stats } : sample;
    // Without a sample before there is no percentage: a single answer waits for a second one, unless told not to.
    if (streaming || oneShot || before || !isLive(current.state.status)) response.write(`${JSON.stringify(full)}\n`);
    if (!streaming && (oneShot || before || !isLive(current.state.status))) break;
    before = sample;
    await delay(INTERVAL_MS, undefined, { signal: exchange.gone }).catch(() => undefined);
  }
  response.end();
}

async function top(engine: NativeEngine, record: ContainerRecord, exchange: Exchange): Promise<void> {
  if (!isLive(record.state.status)) throw conflict(`Container ${record.id} is not running`);
  const args = (exchange.query.get('ps_args') || '-ef').split(/\s+/);
  if (args.some((argument) => /^-.*o.*\bpid\b\s*=/.test(argument)))
    throw badRequest('ps_args must not rename the column "pid"');
  const pids = new Set(await containerPids(engine.host, record));
  if ((await findProgram(engine.host.files, 'ps')) === undefined)
    throw new ApiError(
      500,
      'the processes are listed by ps, which this host does not have: install the package procps',
    );
  const result = await engine.host.run('ps', args);
  if (result.exitCode !== 0) throw badRequest(`error running ps: ${result.stderr.trim()}`);
  const [head = '', ...lines] = result.stdout.split('\n').filter((line) => line !== '');
  const titles = head.trim().split(/\s+/);
  const column = titles.indexOf('PID');
  if (column < 0) throw new ApiError(500, "Couldn't find PID field in ps output");
  const rows = lines.map((line) => columns(line, titles.length)).filter((row) => pids.has(Number(row[column])));
  exchange.reply(200, { Titles: titles, Processes: rows });
}

/** The last column, the command, keeps its spaces. */
function columns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}

async function update(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { PidsLimit: pids, ...others } = await bodyOf<UpdateRequest>(exchange, LIMITS);
  // Clients from before API 1.40 do not know of it: what they send there means nothing.
  const request = exchange.version >= 40 && pids !== undefined ? { ...others, PidsLimit: pids } : others;
  const record = engine.store.find(exchange.params.id ?? '');
  const parts = { ...engine, runtime: engine.lifecycle.runtime };
  const warnings = await updateContainer(parts, record.id, request);
  engine.events.emit('container', 'update', record.id, eventAttributes(engine.store.find(record.id)));
  exchange.reply(200, { Warnings: warnings });
}
