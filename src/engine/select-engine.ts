// Which engine to drive, and why the others were not taken: design.md, "Choosing the engine".
import { existsSync } from 'node:fs';
import { configDirectory, readDockerConfig } from '../docker-config.ts';
import { EngineError, messageOf, UsageError, WindlassError } from '../errors.ts';
import type { Host } from '../host.ts';
import { debug } from '../log.ts';
import { contextTarget } from './client/contexts.ts';
import { connectDockerEngine } from './client/index.ts';
import { type EngineTarget, formatAddress, parseAddress } from './client/target.ts';
import { tlsFromDirectory } from './client/tls.ts';
import { dormantEngine } from './dormant-engine.ts';
import type { Engine } from './engine.ts';
import { enginePlace } from './native-place.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** One engine that was thought of, for `doctor`. */
export interface Candidate {
  /** Where the thought came from: `DOCKER_HOST`, `docker context "remote"`, `local Docker socket`… */
  readonly source: string;
  /** Address without credentials; empty where none could be settled. */
  readonly endpoint: string;
  /** `not tried`: an earlier candidate decided. */
  readonly outcome: 'taken' | 'refused' | 'not tried';
  /** Why, in a few words. */
  readonly reason: string;
  /** What to install or start so that it would be taken. */
  readonly hint?: string | undefined;
}

/** How a native engine that does not run comes to answer. */
export interface NativeStarter {
  /** Whether the project has containers on it. */
  has(project: string): Promise<boolean>;
  /** Resolves when it answers at its socket. */
  start(): Promise<void>;
  /**
   * What is kept for it, where it could be started and the command looks, or ends what runs: without containers, networks and
   * volumes of the user's it need not be started for that.
   */
  keeps?(): Promise<'nothing' | 'images' | 'more'>;
}

export interface SelectOptions {
  readonly env: Env;
  /** `--engine`: `docker` or `native`. */
  readonly explicit?: string | undefined;
  /** Prefer the engine on which this project already has containers. */
  readonly project?: string | undefined;
  /** Without it the native engine is used only where it runs already. */
  readonly native?: NativeStarter | undefined;
  readonly host?: Host;
  readonly signal?: AbortSignal | undefined;
}

export interface Selection {
  readonly engine: Engine;
  readonly candidates: readonly Candidate[];
}

/** No engine could be used; holds every candidate for `doctor`. */
export class NoEngineError extends EngineError {
  readonly candidates: readonly Candidate[];

  constructor(message: string, hint: string, candidates: readonly Candidate[], cause?: unknown) {
    super(message, { kind: 'unavailable', verb: 'connect', hint, cause });
    this.candidates = candidates;
  }
}

/** Something that may be tried. `decides`: the user named it, so nothing else is tried when it fails. */
interface Proposal {
  readonly source: string;
  readonly decides: boolean;
  readonly target: () => EngineTarget;
  /** Refusal that is known without connecting. */
  readonly absent?: { readonly reason: string; readonly hint: string } | undefined;
  /** It is the native engine, which can be started. */
  readonly native?: boolean;
}

/**
 * Connects to the engine to use.
 * @throws NoEngineError when none can be used; UsageError for an unknown `--engine`.
 */
export async function selectEngine(options: SelectOptions): Promise<Selection> {
  const proposals = propose(options);
  const deciding = proposals.find(({ decides }) => decides);
  const candidates: Candidate[] = [];
  const usable: { readonly engine: Engine; readonly at: number }[] = [];
  let failure: unknown;
  for (const proposal of deciding ? [deciding] : proposals) {
    // With a project, every engine is asked; without one, the first that answers is taken.
    if (usable.length > 0 && options.project === undefined) {
      candidates.push({ ...described(proposal), outcome: 'not tried', reason: 'an earlier engine answers' });
      continue;
    }
    const attempt = await tryOrStart(proposal, options, usable.length === 0);
    if ('engine' in attempt) usable.push({ engine: attempt.engine, at: candidates.length });
    else failure ??= attempt.error;
    candidates.push(attempt.candidate);
  }
  const chosen = await choose(usable, options);
  if (chosen === undefined) throw noEngine(candidates, deciding, failure);
  for (const { engine, at } of usable) {
    const candidate = candidates[at];
    if (engine === chosen.engine || candidate === undefined) continue;
    candidates[at] = { ...candidate, outcome: 'not tried', reason: chosen.reason };
    await engine.close();
  }
  if (deciding)
    for (const proposal of proposals)
      if (proposal !== deciding)
        candidates.push({ ...described(proposal), outcome: 'not tried', reason: `${deciding.source} decides` });
  return { engine: chosen.engine, candidates };
}

const described = (proposal: Proposal): Pick<Candidate, 'source' | 'endpoint'> => {
  let endpoint = '';
  try {
    endpoint = formatAddress(proposal.target().address);
  } catch {
    // A context that cannot be read has no address; trying it tells why.
  }
  return { source: proposal.source, endpoint };
};

function propose({ env, explicit }: SelectOptions): Proposal[] {
  const wanted = explicit ?? env.WINDLASS_ENGINE ?? '';
  if (!['', 'docker', 'native'].includes(wanted))
    throw new UsageError(`unknown engine "${wanted}"`, {
      hint: 'use --engine docker or --engine native (or WINDLASS_ENGINE)',
    });
  const directory = configDirectory(env);
  const base = { configDirectory: directory, apiVersion: env.DOCKER_API_VERSION || undefined };
  const local = (path: string): EngineTarget => ({ ...base, address: { type: 'unix', path } });
  const { socket } = enginePlace({}, env);
  const proposals: Proposal[] = [];
  if (wanted !== 'native') {
    const host = env.DOCKER_HOST ?? '';
    if (host !== '')
      proposals.push({
        source: 'DOCKER_HOST',
        decides: true,
        native: wanted !== 'docker' && host === `unix://${socket}`,
        target: () => ({
          ...base,
          namedByUser: true,
          address: parseAddress(host),
          tls: tlsFromEnvironment(env, host, directory),
        }),
      });
    const context = env.DOCKER_CONTEXT || readDockerConfig(directory).currentContext || 'default';
    if (context !== 'default')
      proposals.push({
        source: `docker context "${context}"`,
        decides: host === '',
        target: () => ({ ...base, namedByUser: true, ...contextTarget(context, directory) }),
      });
    proposals.push({
      source: 'local Docker socket',
      decides: false,
      target: () => local('/var/run/docker.sock'),
      absent: absent('/var/run/docker.sock', 'install docker.io, or start it: systemctl start docker'),
    });
    for (const path of podmanSockets(env))
      proposals.push({
        source: 'Podman socket',
        decides: false,
        target: () => local(path),
        absent: absent(path, 'install podman, and start its API: systemctl enable --now podman.socket'),
      });
  }
  if (wanted !== 'docker')
    proposals.push({
      source: 'native engine',
      decides: wanted === 'native',
      native: true,
      target: () => local(socket),
      absent: absent(socket, 'start it: windlass engine start'),
    });
  return proposals;
}

const absent = (path: string, hint: string): Proposal['absent'] =>
  existsSync(path) ? undefined : { reason: `no socket at ${path}`, hint };

function podmanSockets(env: Env): string[] {
  const runtime = env.XDG_RUNTIME_DIR ?? '';
  return [...(runtime === '' ? [] : [`${runtime}/podman/podman.sock`]), '/run/podman/podman.sock'];
}

/** DOCKER_TLS_VERIFY asks for checked TLS, DOCKER_TLS for unchecked; https:// implies it. */
function tlsFromEnvironment(env: Env, host: string, directory: string): EngineTarget['tls'] {
  const verify = (env.DOCKER_TLS_VERIFY ?? '') !== '';
  if (!verify && (env.DOCKER_TLS ?? '') === '' && !host.startsWith('https://')) return undefined;
  if (!/^(tcp|https|http):\/\//.test(host) && host.includes('://')) return undefined;
  return tlsFromDirectory(env.DOCKER_CERT_PATH || directory, verify || host.startsWith('https://'));
}

/** The native engine is started where it was asked for, where nothing else answers, or where the project is on it. */
async function tryOrStart(proposal: Proposal, options: SelectOptions, isLast: boolean): Promise<Attempt> {
  const { native, project } = options;
  const attempt = await tryOne(proposal, options);
  if ('engine' in attempt || proposal.native !== true || native === undefined) return attempt;
  // It is there, for others: starting one would not help.
  if (isDenied(attempt.error)) return attempt;
  if (!proposal.decides && !isLast && !(project !== undefined && (await native.has(project)))) return attempt;
  const kept = (await native.keeps?.()) ?? 'more';
  if (kept !== 'more') {
    const about = described(proposal);
    const wake = (): Promise<Engine> => woken(proposal, native, options);
    const engine = dormantEngine({ endpoint: about.endpoint, images: kept === 'images', wake });
    return { candidate: { ...about, outcome: 'taken', reason: 'nothing is there; started when it is needed' }, engine };
  }
  try {
    await native.start();
  } catch (error) {
    if (options.signal?.aborted === true || !(error instanceof WindlassError)) throw error;
    const { candidate } = attempt;
    return { candidate: { ...candidate, reason: messageOf(error), hint: error.hint }, error };
  }
  return tryOne({ ...proposal, absent: undefined }, options);
}

async function woken(proposal: Proposal, native: NativeStarter, options: SelectOptions): Promise<Engine> {
  await native.start();
  const attempt = await tryOne({ ...proposal, absent: undefined }, options);
  if ('engine' in attempt) return attempt.engine;
  throw attempt.error;
}

/** Somebody listens there, but not for this user. */
const isDenied = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && (error.code === 'EACCES' || error.code === 'EPERM')) || isDenied(error.cause));

type Attempt =
  | { readonly candidate: Candidate; readonly engine: Engine }
  | { readonly candidate: Candidate; readonly error: unknown };

async function tryOne(proposal: Proposal, options: SelectOptions): Promise<Attempt> {
  const about = described(proposal);
  if (proposal.absent !== undefined && !proposal.decides)
    return { candidate: { ...about, outcome: 'refused', ...proposal.absent }, error: undefined };
  try {
    const engine = await connectDockerEngine(proposal.target(), {
      env: options.env,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const { engineVersion, apiVersion } = await engine.capabilities();
    const reason = `${engine.kind} ${engineVersion} answers, API ${apiVersion}`;
    return { candidate: { ...about, outcome: 'taken', reason }, engine };
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    debug('select', () => `${proposal.source}: ${messageOf(error)}`);
    const hint = proposal.absent?.hint ?? (error instanceof WindlassError ? error.hint : undefined);
    return {
      candidate: { ...about, outcome: 'refused', reason: proposal.absent?.reason ?? messageOf(error), hint },
      error,
    };
  }
}

/** The engine that already runs the project, else the first that answers. */
async function choose(
  usable: readonly { readonly engine: Engine }[],
  options: SelectOptions,
): Promise<{ readonly engine: Engine; readonly reason: string } | undefined> {
  const first = usable[0]?.engine;
  if (first === undefined) return undefined;
  if (options.project !== undefined && usable.length > 1)
    for (const { engine } of usable) {
      const { containers } = await engine.observe(options.project, options.signal);
      if (containers.length > 0)
        return { engine, reason: `project "${options.project}" already has containers at ${engine.endpoint}` };
    }
  return { engine: first, reason: 'an earlier engine answers' };
}

function noEngine(candidates: readonly Candidate[], deciding: Proposal | undefined, failure: unknown): Error {
  if (deciding !== undefined) {
    const [only] = candidates;
    const hint = only?.hint ?? 'run "windlass doctor" to see what is missing';
    return new NoEngineError(`${deciding.source}: ${only?.reason ?? 'cannot be used'}`, hint, candidates, failure);
  }
  const native = candidates.find(({ source }) => source === 'native engine');
  const tried = candidates.map(({ source, reason }) => `${source} (${reason})`).join(', ');
  return new NoEngineError(
    `no container engine answers; tried ${tried}`,
    native === undefined
      ? 'install one (apt-get install docker.io), or use windlass\'s own (--engine native); "windlass doctor" tells more'
      : `${native.hint ?? 'windlass engine start'}; or point DOCKER_HOST at an engine ("windlass doctor" tells more)`,
    candidates,
    failure,
  );
}
