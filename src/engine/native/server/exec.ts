// `/containers/{id}/exec` and `/exec/…`
import type { Duplex } from 'node:stream';
import { send } from '../../../drained.ts';
import { DetachWatch, parseDetachKeys } from '../containers/detach-keys.ts';
import { eventAttributes } from '../containers/event-attributes.ts';
import type { ExecConfig, ExecSession } from '../containers/exec.ts';
import type { ExecStreams } from '../containers/exec-process.ts';
import { readLog } from '../containers/log-reader.ts';
import { isLive } from '../containers/types.ts';
import type { NativeEngine } from '../engine.ts';
import { ApiError, badRequest, conflict, notFound } from './api-error.ts';
import { bodyOf, EXEC, type Shape } from './body.ts';
import { sizeOf } from './container-streams.ts';
import type { Exchange, Hijacked } from './exchange.ts';
import { frame, type StreamName } from './frames.ts';
import type { Routes } from './router.ts';

const RAW = 'application/vnd.docker.raw-stream';
const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream';

interface StartRequest {
  Detach?: boolean;
  Tty?: boolean;
}
const START: Shape = { Detach: 'boolean', Tty: 'boolean' };

export function execRoutes(engine: NativeEngine): Routes {
  const sessions = engine.execs;
  const find = (exchange: Exchange): ExecSession => {
    const id = exchange.params.id ?? '';
    const session = sessions.get(id);
    if (!session) throw notFound(`No such exec instance: ${id}`);
    return session;
  };
  return {
    'POST /containers/{id}/exec': async (exchange) => {
      const config = await bodyOf<ExecConfig>(exchange, EXEC);
      if (!config.Cmd || config.Cmd.length === 0) throw badRequest('No exec command specified');
      const record = engine.store.find(exchange.params.id ?? '');
      parseDetachKeys(config.DetachKeys ?? null);
      if (record.state.status === 'paused')
        throw conflict(`Container ${exchange.params.id} is paused, unpause the container before exec`);
      if (!isLive(record.state.status)) throw conflict(`Container ${record.id} is not running`);
      const session = sessions.create(record.id, config);
      engine.events.emit('container', `exec_create: ${config.Cmd.join(' ')}`, record.id, {
        ...eventAttributes(record),
        execID: session.id,
      });
      exchange.reply(201, { Id: session.id });
    },
    'POST /exec/{id}/start': async (exchange) => {
      const request = await bodyOf<StartRequest>(exchange, START);
      await start(engine, find(exchange), request, exchange);
    },
    'POST /exec/{id}/resize': async (exchange) => {
      const session = find(exchange);
      const size = sizeOf(exchange);
      if (!session.running) throw conflict(`Exec ${session.id} is not running`);
      await engine.terminals.tell(sessions.folder(session), size);
      exchange.reply(200);
    },
    'GET /exec/{id}/json': (exchange) => exchange.reply(200, inspect(find(exchange))),
  };
}

function inspect(session: ExecSession): unknown {
  const { config } = session;
  return {
    ID: session.id,
    Running: session.running,
    ExitCode: session.exitCode,
    ProcessConfig: {
      tty: config.Tty === true,
      entrypoint: config.Cmd?.[0] ?? '',
      arguments: config.Cmd?.slice(1) ?? [],
      privileged: config.Privileged === true,
      ...(config.User ? { user: config.User } : {}),
    },
    OpenStdin: config.AttachStdin === true,
    OpenStderr: config.AttachStderr === true,
    OpenStdout: config.AttachStdout === true,
    CanRemove: !session.running && session.started,
    ContainerID: session.containerId,
    DetachKeys: '',
    Pid: session.running ? session.pid : 0,
  };
}

async function start(
  engine: NativeEngine,
  session: ExecSession,
  request: StartRequest,
  exchange: Exchange,
): Promise<void> {
  const record = engine.store.find(session.containerId);
  if (session.started) throw conflict(`Error: Exec command ${session.id} is already running`);
  if (!isLive(record.state.status)) throw conflict(`Container ${record.id} is not running`);
  const terminal = session.config.Tty === true;
  // As in Docker: the process has what it was made with, its client what it asks for now.
  const framed = request.Tty !== true;
  const detach = request.Detach === true;
  const attributes = { ...eventAttributes(record), execID: session.id };
  const input = !detach && session.config.AttachStdin === true;
  const streams = await engine.execs.start(session, record, { input, terminal }).catch((error: unknown) => {
    if (detach || !(error instanceof ApiError) || error.status !== 400) throw error;
    // Clients that ask for a connection show what comes on it; of a refusal they would tell nothing but its number.
    const refusal = Buffer.from(`${error.message}\r\n`);
    hijack(exchange, framed).output.end(packed(framed, 'stdout', refusal));
  });
  if (!streams) return;
  engine.events.emit('container', `exec_start: ${(session.config.Cmd ?? []).join(' ')}`, record.id, attributes);
  void streams.ended.then(({ exitCode }) =>
    engine.events.emit('container', 'exec_die', record.id, { ...attributes, exitCode: String(exitCode) }),
  );
  if (detach) {
    streams.stdout?.resume();
    streams.stderr?.resume();
    streams.release();
    exchange.reply(200);
    return;
  }
  try {
    await carry(engine, session, streams, hijack(exchange, framed), framed);
  } finally {
    streams.release();
  }
}

const hijack = (exchange: Exchange, framed: boolean): Hijacked =>
  exchange.hijack(exchange.version >= 42 && framed ? MULTIPLEXED : RAW);

const packed = (framed: boolean, name: StreamName, data: Buffer): Buffer => (framed ? frame(name, data) : data);

/** Everything between the process and its client, until either ends. */
async function carry(
  engine: NativeEngine,
  session: ExecSession,
  streams: ExecStreams,
  connection: Hijacked,
  framed: boolean,
): Promise<void> {
  const left = new AbortController();
  connection.output.once('close', () => left.abort());
  feed(session, streams, connection, left);
  if (streams.log === undefined) await carryPipes(session, streams, connection.output, framed, left.signal);
  else
    for await (const entry of readLog(engine.host, streams.log, { ended: streams.ended, signal: left.signal }))
      await send(connection.output, packed(framed, 'stdout', entry.data));
  const { failure } = left.signal.aborted ? { failure: undefined } : await streams.ended;
  if (failure !== undefined) connection.output.write(packed(framed, 'stdout', Buffer.from(`${failure}\r\n`)));
  connection.output.end();
}

function feed(session: ExecSession, streams: ExecStreams, { input }: Hijacked, left: AbortController): void {
  const target = streams.input;
  if (!target) {
    input.resume();
    return;
  }
  const watch = session.config.Tty ? new DetachWatch(parseDetachKeys(session.config.DetachKeys ?? null)) : undefined;
  input.on('data', (typed: Buffer) => {
    const { forward, detach } = watch ? watch.push(typed) : { forward: typed, detach: false };
    if (forward.length > 0 && !target.write(forward)) {
      input.pause();
      target.once('drain', () => input.resume());
    }
    if (detach) left.abort();
  });
  input.once('end', () => target.end());
  // Held since the body was taken, where that came behind the head of the request.
  input.resume();
}

/** Both pipes to one connection, until both have ended. */
async function carryPipes(
  session: ExecSession,
  streams: ExecStreams,
  output: Duplex,
  framed: boolean,
  gone: AbortSignal,
): Promise<void> {
  const wanted: Readonly<Record<StreamName, boolean>> = {
    stdout: session.config.AttachStdout !== false,
    stderr: session.config.AttachStderr !== false,
  };
  await Promise.all(
    (['stdout', 'stderr'] as const).map(async (name) => {
      const pipe = streams[name];
      if (!pipe) return;
      for await (const data of pipe) {
        if (gone.aborted || !wanted[name]) continue;
        await send(output, packed(framed, name, data));
      }
      // A failure of the runtime itself is told from its log; what it wrote here is the same text.
    }),
  );
}
