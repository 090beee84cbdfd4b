// What went wrong on the way to or in the engine, as an EngineError: kind, verb, resource, the engine's own words, what to do next.
import {
  EngineError,
  type EngineErrorKind,
  HostError,
  InterruptedError,
  messageOf,
  WindlassError,
} from '../../errors.ts';
import { EngineAnswer } from './modem.ts';

export interface FailureContext {
  readonly verb: string;
  /** `container "shop-web-1"`. */
  readonly resource?: string | undefined;
  /** Where the engine listens, for messages about reaching it. */
  readonly endpoint: string;
  readonly signal?: AbortSignal | undefined;
}

/** Codes of node:net and node:tls that mean the engine could not be reached or went away. */
const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'EACCES', 'EPERM', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTSOCK', 'HPE_INVALID_CONSTANT', 'NOT_HTTP', 'ECONNABORTED'],
]);

/** A pattern of the engine's words → the kind it means whatever the status, and what the user can do. */
const WORDS: readonly { readonly pattern: RegExp; readonly kind?: EngineErrorKind; readonly hint: string }[] = [
  // Podman's words, under status 500, for what Docker calls a conflict.
  {
    pattern: /container name .* is already in use|network already exists|volume already exists/i,
    kind: 'conflict',
    hint: 'remove or rename the one that has the name',
  },
  {
    pattern: /container state improper|is not running/i,
    kind: 'conflict',
    hint: 'start the container first',
  },
  {
    pattern: /has active endpoints|network (.* )?is (in use|being used)/i,
    kind: 'conflict',
    hint: 'containers are still connected to it: remove or disconnect them first',
  },
  {
    pattern: /no space left on device/i,
    hint: 'the engine\'s disk is full: free space with "docker system prune", or enlarge the disk',
  },
  {
    pattern: /port is already allocated|address already in use|ports are not available|Bind for .* failed/i,
    kind: 'conflict',
    hint: 'another container or program holds that host port: stop it, or publish another port',
  },
  {
    pattern: /toomanyrequests|pull rate limit|too many requests/i,
    hint: 'the registry limits pulls: log in with "docker login", or try again later',
  },
  {
    pattern: /manifest unknown|manifest for .* not found|repository name not known|name unknown/i,
    kind: 'not-found',
    hint: "check the image's name and tag",
  },
  {
    pattern:
      /pull access denied|requested access to the resource is denied|unauthorized|authentication required|no basic auth credentials/i,
    hint: 'check the image\'s name; if it is private, log in with "docker login"',
  },
  {
    pattern:
      /no matching manifest for|does not provide the specified platform|image with reference .* was found but does not match/i,
    kind: 'not-found',
    hint: 'the image does not exist for this platform: choose another one with "platform"',
  },
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|TLS handshake timeout|connection refused|server misbehaving|network is unreachable|context deadline exceeded|Client\.Timeout/i,
    hint: 'the registry or remote host cannot be reached from the engine: check the network, its proxy settings and the name',
  },
  {
    pattern: /has dependent containers which must be removed before it/i,
    kind: 'conflict',
    hint: 'other containers share its network or its volumes: remove those first',
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    hint: 'the registry speaks plain HTTP: add it to "insecure-registries" in the engine\'s daemon.json (Podman: "insecure = true" in registries.conf)',
  },
  {
    pattern:
      /Pool overlaps with other one on this address space|is already used on the host or by another config|could not find an available.*address pool|all predefined address pools have been fully subnetted/i,
    kind: 'conflict',
    hint: 'choose another subnet under networks.<name>.ipam.config, or remove networks that nobody uses with "docker network prune"',
  },
  {
    pattern: /could not select device driver/i,
    kind: 'unsupported',
    hint: "install the device's container toolkit (for NVIDIA: nvidia-container-toolkit)",
  },
  {
    pattern: /unknown or invalid runtime name/i,
    kind: 'unsupported',
    hint: 'add the runtime to the engine\'s daemon.json, or leave "runtime" out',
  },
  {
    pattern: /unsupported frontend capability/i,
    kind: 'unsupported',
    hint: 'the BuildKit inside this engine is too old (build.additional_contexts needs Docker Engine 23): upgrade it, or name a newer builder with --builder',
  },
  {
    pattern: /exec: ".*": (executable file not found|stat .*: no such file or directory)/i,
    hint: 'the image has no such program: check "command" and "entrypoint"',
  },
  {
    pattern: /invalid mount config for type "bind": bind source path does not exist/i,
    hint: 'create the path, or set bind.create_host_path: true',
  },
];

const KIND_OF_STATUS: Readonly<Record<number, EngineErrorKind>> = {
  404: 'not-found',
  409: 'conflict',
  501: 'unsupported',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** What a call throws when its signal is aborted: the signal's own reason where that is one of ours. */
export const interruption = (signal: AbortSignal): WindlassError =>
  signal.reason instanceof WindlassError ? signal.reason : new InterruptedError();

/** Turns anything thrown by a call into what the verb throws. A WindlassError stays what it is. */
export function toEngineError(error: unknown, context: FailureContext): WindlassError {
  if (context.signal?.aborted === true) return interruption(context.signal);
  if (error instanceof EngineAnswer)
    return fromWords(error.message, { ...context, status: error.statusCode, cause: error });
  const carried = error instanceof Error && error.cause instanceof HostError ? error.cause : error;
  if (carried instanceof HostError) return unreachable(carried, context);
  if (error instanceof WindlassError) return error;
  if (isUnreachable(error)) return unreachable(error, context);
  return new EngineError(said(context, messageOf(error)), { kind: 'failed', ...facts(context), cause: error });
}

/** An error of an engine that answered: by status, unless its words say more. */
export function fromWords(
  words: string,
  context: FailureContext & { readonly status?: number; readonly cause?: unknown },
): EngineError {
  const meaning = WORDS.find(({ pattern }) => pattern.test(words));
  const byStatus = context.status === undefined ? undefined : KIND_OF_STATUS[context.status];
  return new EngineError(said(context, words.trim()), {
    kind: meaning?.kind ?? byStatus ?? 'failed',
    ...facts(context),
    ...(context.status === undefined ? {} : { status: context.status }),
    ...(meaning === undefined ? {} : { hint: meaning.hint }),
    ...(context.cause === undefined ? {} : { cause: context.cause }),
  });
}

const facts = (context: FailureContext): { verb: string; resource?: string } => ({
  verb: context.verb,
  ...(context.resource === undefined ? {} : { resource: context.resource }),
});

/** Verbs whose first word is not what one would say. */
const SPOKEN: Readonly<Record<string, string>> = {
  attach: 'attach to',
  createExec: 'run a command in',
  startExec: 'run a command in',
  resizeExec: 'change the terminal size of a command in',
  inspectExec: 'read the exit code of a command in',
  events: 'follow the events of',
  exportContainer: 'export',
  getArchive: 'read from',
  putArchive: 'write into',
  statPath: 'look into',
  logs: 'read the logs of',
  resizeContainer: 'change the terminal size of',
  resolveDigest: 'resolve the digest of',
  stats: 'read the statistics of',
  top: 'list the processes of',
  waitContainer: 'wait for',
  listProjectContainers: 'list the containers of all projects',
  listPublishedPorts: 'list the published ports',
  listVolumeUsers: 'list the containers that use',
};

/** `createContainer` and `container "x"` → `cannot create container "x"`. */
function attempt({ verb, resource }: FailureContext): string {
  const spoken = SPOKEN[verb] ?? verb.replace(/[A-Z].*$/, '');
  return `cannot ${spoken}${resource === undefined ? '' : ` ${resource}`}`;
}

const said = (context: FailureContext, why: string): string => `${attempt(context)}: ${why}`;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

function isUnreachable(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined)
    return UNREACHABLE.has(code) || /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/.test(code);
  return /closed the connection|socket hang up|aborted/i.test(messageOf(error));
}

/** No engine there, or gone in the middle. */
function unreachable(error: unknown, context: FailureContext): EngineError {
  const code = codeOf(error);
  const wentAway = context.verb !== 'connect' && (code === undefined || code === 'ECONNRESET' || code === 'EPIPE');
  const subject = context.resource === undefined ? '' : `${attempt(context)}: `;
  const text = wentAway
    ? `${subject}the engine at ${context.endpoint} closed the connection (${messageOf(error)})`
    : `${subject}no engine answers at ${context.endpoint} (${messageOf(error)})`;
  return new EngineError(text, { kind: 'unavailable', ...facts(context), hint: reachHint(code, error), cause: error });
}

function reachHint(code: string | undefined, error: unknown): string {
  if (error instanceof WindlassError && error.hint !== undefined) return error.hint;
  if (code === 'EACCES' || code === 'EPERM')
    return 'run as root, or join the group that the socket belongs to: sudo usermod -aG GROUP "$USER"';
  if (code === 'ENOENT') return 'start the engine (systemctl start docker), or point DOCKER_HOST at its socket';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return "check the host's name in DOCKER_HOST or the docker context";
  if (code !== undefined && /CERT|TLS|SSL|SIGNED|VERIFY/.test(code))
    return 'check DOCKER_CERT_PATH: ca.pem, cert.pem and key.pem must belong to that engine';
  return 'check that the engine runs ("windlass doctor" shows which ones were tried); then run the same command again';
}
