// Streams of containers: logs, attach, resize.
import type { Readable } from 'node:stream';
import { aborted } from 'node:util';
import { send } from '../../../drained.ts';
import { openStdin, type StdinBridge } from '../containers/attach-bridge.ts';
import { DetachWatch, parseDetachKeys } from '../containers/detach-keys.ts';
import { eventAttributes } from '../containers/event-attributes.ts';
import { logPlan } from '../containers/log-config.ts';
import { parseTime } from '../containers/log-file.ts';
import { type ReadLogOptions, readLog } from '../containers/log-reader.ts';
import type { TerminalSize } from '../containers/terminal-sizes.ts';
import { type ContainerRecord, isLive } from '../containers/types.ts';
import type { NativeEngine } from '../engine.ts';
import { ApiError, badRequest, conflict } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { frame } from './frames.ts';
import { isTrue } from './query.ts';
import type { Routes } from './router.ts';

const RAW = 'application/vnd.docker.raw-stream';
const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream';

export function containerStreamRoutes(engine: NativeEngine): Routes {
  return {
    'GET /containers/{id}/logs': (exchange) => logs(engine, exchange),
    'POST /containers/{id}/attach': (exchange) => attach(engine, exchange),
    'POST /containers/{id}/resize': (exchange) => resize(engine, exchange),
    'GET /containers/{id}/attach/ws': (exchange) => attach(engine, exchange, 'websocket'),
  };
}

async function logs(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { query, version } = exchange;
  const record = engine.store.find(exchange.params.id ?? '');
  const wanted = { stdout: isTrue(query.get('stdout')), stderr: isTrue(query.get('stderr')) };
  if (!wanted.stdout && !wanted.stderr) throw badRequest('Bad parameters: you must choose at least one stream');
  if (logPlan(record.hostConfig.LogConfig).driver === 'none')
    throw new ApiError(501, 'configured logging driver does not support reading');
  const follow = isTrue(query.get('follow')) && isLive(record.state.status);
  const tail = query.get('tail') ?? 'all';
  const options: ReadLogOptions = {
    signal: exchange.gone,
    ...(/^\d+$/.test(tail) ? { tail: Number(tail) } : {}),
    ...time('since', query.get('since')),
    ...time('until', query.get('until')),
    ...(follow ? { ended: engine.lifecycle.nextExit(record.id, exchange.gone) } : {}),
  };
  const terminal = record.config.Tty === true;
  const timestamps = isTrue(query.get('timestamps'));
  const response = exchange.stream(200, version >= 42 ? (terminal ? RAW : MULTIPLEXED) : RAW);
  const lineStart = { stdout: true, stderr: true };
  for await (const entry of readLog(engine.host, engine.paths.container(record.id).log, options)) {
    if (!terminal && !wanted[entry.stream]) continue;
    const data =
      timestamps && lineStart[entry.stream] ? Buffer.concat([Buffer.from(`${entry.time} `), entry.data]) : entry.data;
    lineStart[entry.stream] = entry.complete;
    await send(response, terminal ? data : frame(entry.stream, data));
  }
  response.end();
}

/** `0` and nothing mean no bound. */
function time(name: 'since' | 'until', text: string | null): { [key in 'since' | 'until']?: bigint } {
  if (text === null || text === '' || text === '0') return {};
  const value = parseTime(text);
  if (value === undefined)
    throw badRequest(`invalid value for "${name}": failed to parse value as time or duration: "${text}"`);
  return { [name]: value };
}

/** Joins a container's streams. Output comes from the log, so nothing is missed between attaching and starting. */
async function attach(engine: NativeEngine, exchange: Exchange, over: 'tcp' | 'websocket' = 'tcp'): Promise<void> {
  const { query } = exchange;
  const record = engine.store.find(exchange.params.id ?? '');
  const on = (name: string): boolean => isTrue(query.get(name));
  if (record.state.status === 'paused')
    throw conflict(`Container ${record.id} is paused. Unpause the container before attach`);
  if (record.state.status === 'restarting')
    throw conflict(`Container ${record.id} is restarting, wait until the container is running`);
  const terminal = record.config.Tty === true;
  // A websocket carries the bytes of both streams as they are.
  const framed = !terminal && over === 'tcp';
  const keys = parseDetachKeys(query.get('detachKeys'));
  const { log, bundle } = engine.paths.container(record.id);
  const size = await engine.host.files.stat(log).then(
    (facts) => facts.size,
    () => 0,
  );
  const streaming = on('stream');
  const { input, output } =
    over === 'websocket' ? exchange.websocket() : exchange.hijack(exchange.version >= 42 && framed ? MULTIPLEXED : RAW);
  const left = new AbortController();
  output.once('close', () => left.abort());
  // What does not run yet is waited for, from this moment on: clients attach first and start then.
  const settled = streaming ? engine.lifecycle.nextExit(record.id, left.signal) : undefined;
  engine.events.emit('container', 'attach', record.id, eventAttributes(record));
  const stdin =
    streaming && on('stdin') && record.config.OpenStdin
      ? feed(engine, record, bundle, input, terminal ? keys : undefined, left)
      : undefined;
  if (!stdin) input.resume();
  const options: ReadLogOptions = {
    signal: left.signal,
    ...(on('logs') ? {} : { offset: size }),
    ...(settled ? { ended: settled } : {}),
  };
  if (on('stdout') || on('stderr') || !streaming)
    for await (const entry of readLog(engine.host, log, options)) {
      if (!terminal && !on(entry.stream)) continue;
      await send(output, framed ? frame(entry.stream, entry.data) : entry.data);
    }
  else if (settled) await Promise.race([settled, aborted(left.signal, output)]);
  stdin?.close();
  if (left.signal.aborted) engine.events.emit('container', 'detach', record.id, eventAttributes(record));
  output.end();
}

/** Carries a client's input to the container, from its start on. */
function feed(
  engine: NativeEngine,
  record: ContainerRecord,
  bundle: string,
  input: Readable,
  keys: Buffer | undefined,
  left: AbortController,
): { close(): void } {
  let bridge: StdinBridge | undefined;
  let closed = false;
  const watch = keys ? new DetachWatch(keys) : undefined;
  const close = (): void => {
    closed = true;
    bridge?.close();
  };
  const begin = (): void => {
    if (closed) return;
    bridge = openStdin(engine.host, bundle);
    input.on('data', (typed: Buffer) => {
      const { forward, detach } = watch ? watch.push(typed) : { forward: typed, detach: false };
      if (forward.length > 0 && bridge?.input.write(forward) === false) {
        input.pause();
        bridge.input.once('drain', () => input.resume());
      }
      if (detach) left.abort();
    });
    // An end without a byte before it is told at once, though nobody reads: `docker run -i </dev/null`.
    if (input.readableEnded) close();
    else input.once('end', close);
    input.resume();
  };
  if (isLive(record.state.status)) begin();
  else void engine.lifecycle.nextCreation(record.id, left.signal).then(begin);
  return { close };
}

/** Tells the monitor the size of the client's terminal. */
async function resize(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const record = engine.store.find(exchange.params.id ?? '');
  const size = sizeOf(exchange);
  if (!isLive(record.state.status)) throw conflict(`Container ${record.id} is not running`);
  await engine.terminals.tell(engine.paths.container(record.id).bundle, size);
  exchange.reply(200);
}

/** The `h` and `w` of a request. */
export function sizeOf(exchange: Exchange): TerminalSize {
  const [height, width] = ['h', 'w'].map((key) => Number(exchange.query.get(key) || Number.NaN));
  const valid = (value: number | undefined): value is number =>
    value !== undefined && Number.isInteger(value) && value >= 0 && value < 65536;
  if (!valid(height) || !valid(width)) throw badRequest('invalid terminal size');
  return { height, width };
}
