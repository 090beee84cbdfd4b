// Starting an engine in the background, for `engine start` and for commands that need one: a keeper, detached, and waiting until
// the engine answers. Any number of callers at once end with one engine.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WindlassError } from '../../../errors.ts';
import type { EnginePlace } from '../../native-place.ts';
import { realNativeHost } from '../host.ts';
import { trackingRoots } from '../own-cgroup.ts';
import { findProgram } from '../programs.ts';
import { pings } from './ask.ts';
import { argumentsOf, type KeeperOptions, prepareGround } from './prepare.ts';
import { EXIT_IDLE, EXIT_ROOT_IN_USE } from './program.ts';

/** A machine that is busy starts an engine within a few seconds. */
const START_DEADLINE_MS = 30_000;
/** Between two attempts, while another engine that holds the root begins or ends. */
const RETRY_MS = 50;
const LOG_TAIL_LINES = 15;
/** A log beyond this size is begun anew with the next start. */
const LOG_LIMIT = 1024 * 1024;

export interface StartOptions extends KeeperOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** Where the engine's messages go while nobody looks on. */
export const logPath = (place: EnginePlace): string => join(place.run, 'engine.log');

/**
 * Resolves when an engine answers at the place's socket: to true when this call started it.
 * @throws WindlassError with what the machine lacks, or with the end of the engine's log.
 */
export async function startEngine(options: StartOptions): Promise<boolean> {
  const { place, signal } = options;
  if (await pings(place.socket, START_DEADLINE_MS)) return false;
  const host = realNativeHost();
  await prepareGround(host, place);
  const perl = (await findProgram(host.files, 'perl')) ?? 'perl';
  const log = logPath(place);
  const args = argumentsOf(options, await trackingRoots(host));
  const size = async (): Promise<number> => (await stat(log).catch(() => undefined))?.size ?? 0;
  if ((await size()) > LOG_LIMIT) await truncate(log, 0);
  const from = await size();
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    signal?.throwIfAborted();
    const keeper = startKeeper(perl, args, log, options.env);
    const ended = new Promise<number>((resolve, reject) => {
      keeper.once('error', reject);
      keeper.once('exit', (code) => resolve(code ?? 1));
    });
    const answer = await Promise.race([answering(place.socket, deadline, ended), ended.then(exitOf)]);
    if (answer === 'answers') {
      keeper.unref();
      return true;
    }
    if (answer === 'failed') throw await failure(log, from);
    // Another engine holds the root: it answers soon, or it is about to end.
    if (await pings(place.socket, deadline - Date.now())) return false;
    await delay(RETRY_MS);
  }
  throw new WindlassError('ENGINE_START', `the native engine did not answer within ${START_DEADLINE_MS / 1000} s`, {
    hint: `look into ${log}`,
  });
}

const exitOf = (code: number): 'failed' | 'elsewhere' =>
  code === EXIT_ROOT_IN_USE || code === EXIT_IDLE || code === 0 ? 'elsewhere' : 'failed';

/** Resolves when the engine answers, or never: the keeper's end or the deadline tells then. */
async function answering(socket: string, deadline: number, ended: Promise<number>): Promise<'answers' | 'elsewhere'> {
  let over = false;
  void ended.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  while (!over && Date.now() < deadline) {
    if (await pings(socket, deadline - Date.now())) return 'answers';
    await delay(5);
  }
  return 'elsewhere';
}

function startKeeper(perl: string, args: readonly string[], log: string, env: StartOptions['env']): ChildProcess {
  const file = openSync(log, 'a', 0o600);
  try {
    // A session of its own, so that no terminal takes it along, and no folder that somebody wants to remove.
    return spawn(perl, args, {
      detached: true,
      cwd: '/',
      stdio: ['ignore', file, file],
      env: engineEnvironment(env),
    });
  } finally {
    closeSync(file);
  }
}

/** What the engine needs of a user's environment. The rest is none of its business, and may hold secrets. */
const PASSED =
  /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|XDG_CACHE_HOME|DOCKER_CONFIG|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO|ALL)_PROXY|WINDLASS_\w+)$/i;

export const engineEnvironment = (env: StartOptions['env']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && PASSED.test(entry[0])),
  );

async function failure(log: string, from: number): Promise<WindlassError> {
  const text = await readFile(log).then(
    (content) => content.subarray(from).toString('utf8').trim(),
    () => '',
  );
  const tail = text.split('\n').slice(-LOG_TAIL_LINES).join('\n');
  return new WindlassError('ENGINE_START', `the native engine did not start${tail === '' ? '' : `:\n${tail}`}`, {
    hint: `its messages are in ${log}`,
  });
}
