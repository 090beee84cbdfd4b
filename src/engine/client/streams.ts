// Output and input of processes: logs, attach, exec, statistics.
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { unixTime } from '../../times.ts';
import type { Engine, Exec, LogChunk, LogOptions, ProcessStreams } from '../engine.ts';
import { stream as streams } from './builtin.ts';
import { type About, ask, askStream, type Client, container } from './client.ts';
import { toEngineError } from './failures.ts';
import { chunks, split } from './frames.ts';
import { jsonLines } from './ndjson.ts';

type Verbs = Pick<Engine, 'logs' | 'attach' | 'createExec' | 'stats'>;

export function streamVerbs(client: Client): Verbs {
  return {
    logs: (id, options, signal) => logs(client, id, options, signal),
    async attach(id, options, signal) {
      const about = { verb: 'attach', resource: container(id), signal };
      const { Config } = await ask(client, about, (docker) => docker.getContainer(encodeURIComponent(id)).inspect());
      const query = {
        ...{ stream: true, stdin: options.stdin, stdout: true, stderr: true },
        ...(options.logs === true ? { logs: true } : {}),
        ...(options.detachKeys === undefined ? {} : { detachKeys: options.detachKeys }),
      };
      const socket = await ask(client, about, (docker) =>
        docker.getContainer(encodeURIComponent(id)).attach({ ...query, hijack: true }),
      );
      return processStreams(about, socket, Config.Tty);
    },
    async createExec(id, request, signal) {
      const about = { verb: 'createExec', resource: container(id), signal };
      const made = await ask(client, about, (docker) =>
        docker.getContainer(encodeURIComponent(id)).exec({
          Cmd: [...request.command],
          Tty: request.tty,
          AttachStdin: request.attachStdin,
          AttachStdout: request.attachOutput,
          AttachStderr: request.attachOutput,
          ...(request.environment === undefined ? {} : { Env: [...request.environment] }),
          ...(request.user === undefined ? {} : { User: request.user }),
          ...(request.workingDir === undefined ? {} : { WorkingDir: request.workingDir }),
          ...(request.privileged === undefined ? {} : { Privileged: request.privileged }),
        }),
      );
      return execOf(client, made.id, about);
    },
    stats: (id, options, signal) => stats(client, id, options.stream, signal),
  };
}

function execOf(client: Client, id: string, about: About): Exec {
  const exec = (docker: Docker): Docker.Exec => docker.getExec(id);
  return {
    id,
    async start(options) {
      // Starting cannot be undone by the signal; only the streams can be cut.
      const body = { _body: { Detach: options.detach, Tty: options.tty } };
      const starting = { ...about, verb: 'startExec' };
      if (options.detach) {
        await ask(client, starting, async (docker) => {
          const response = await exec(docker).start({ ...body } as Docker.ExecStartOptions);
          response.resume();
        });
        return undefined;
      }
      const socket = await ask(client, starting, (docker) =>
        exec(docker).start({ ...body, hijack: true } as Docker.ExecStartOptions),
      );
      return processStreams(starting, socket, options.tty);
    },
    resize: (columns, rows) =>
      ask(client, { ...about, verb: 'resizeExec' }, async (docker) => {
        await exec(docker).resize({ h: rows, w: columns });
      }),
    async exitCode() {
      const info = await ask(client, { ...about, verb: 'inspectExec', signal: undefined }, (docker) =>
        exec(docker).inspect(),
      );
      // Null while it still runs or when it never started.
      return info.ExitCode ?? 0;
    },
  };
}

/** A terminal's connection is raw, both ways; otherwise output comes in frames. The signal cuts the connection. */
function processStreams(about: About, connection: unknown, tty: boolean): ProcessStreams {
  if (!(connection instanceof streams().Duplex))
    throw new TypeError('a hijacked connection is a stream that goes both ways');
  const socket = connection;
  // An attached process may be silent for days.
  if ('setTimeout' in socket && typeof socket.setTimeout === 'function') socket.setTimeout(0);
  const cut = (): void => {
    socket.destroy();
  };
  about.signal?.addEventListener('abort', cut, { once: true });
  socket.once('close', () => about.signal?.removeEventListener('abort', cut));
  socket.on('error', () => {
    // Readers and writers get it from their own streams; without a listener here it would end the process.
  });
  if (tty) {
    const stdout: Readable = socket;
    return { stdin: socket, stdout, stderr: emptyStream(), close: cut };
  }
  return { stdin: socket, ...split(socket), close: cut };
}

const emptyStream = (): Readable => {
  const stream = new (streams().Duplex)({ read() {}, write: (_chunk, _encoding, done) => done() });
  stream.push(null);
  return stream;
};

/** Guards a stream of answers: what breaks it comes out as EngineError; the signal ends it quietly. */
async function* guarded<T>(client: Client, about: About, source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    if (about.signal?.aborted === true) return;
    throw toEngineError(error, { ...about, endpoint: client.endpoint });
  }
}

async function* logs(
  client: Client,
  id: string,
  options: LogOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogChunk> {
  const about = { verb: 'logs', resource: container(id), signal };
  const name = encodeURIComponent(id);
  const { Config } = await ask(client, about, (docker) => docker.getContainer(name).inspect());
  const query = {
    ...{ stdout: true, stderr: true, follow: options.follow, timestamps: options.timestamps, tail: options.tail },
    ...(options.since === undefined ? {} : { since: unixTime(options.since) ?? options.since }),
    ...(options.until === undefined ? {} : { until: unixTime(options.until) ?? options.until }),
  };
  const response = await askStream(client, about, (docker) =>
    // Typed as a number of lines and Unix seconds only; the engine also takes "all" and dates.
    docker.getContainer(name).logs(query as unknown as Docker.ContainerLogsOptions & { follow: true }),
  );
  yield* guarded(client, about, chunks(response as unknown as AsyncIterable<Buffer>, !Config.Tty));
}

async function* stats(
  client: Client,
  id: string,
  stream: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown> {
  const about = { verb: 'stats', resource: container(id), signal };
  const response = await askStream(client, about, (docker) =>
    docker.getContainer(encodeURIComponent(id)).stats({ stream: stream as true }),
  );
  yield* guarded(client, about, jsonLines(response as unknown as AsyncIterable<Buffer>));
}

export { guarded };
