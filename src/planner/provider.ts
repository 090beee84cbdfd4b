// Services that a program of the host provides: `<type> compose --project-name=P up|down|stop --option=value SERVICE`, which answers
// with lines of JSON (compose-reference §2.10, "provider protocol").
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import { debug } from '../log.ts';
import type { ExecutionState } from './execution-state.ts';
import type { ProviderCommand, StepOf } from './plan.ts';
import { askMetadata, optionArguments } from './provider-metadata.ts';

interface Message {
  readonly type: string;
  readonly message: string;
}

/** Runs the provider; what it sets is kept for the services that depend on it. */
export async function runProvider(step: StepOf<'run-provider'>, state: ExecutionState): Promise<void> {
  const { host, project, signal } = state.context;
  if (host === undefined) throw new Error('providers need a host to run programs on');
  const service = state.service(step.service);
  const type = service.provider?.type ?? '';
  const program = await findProvider(type, project.environment);
  const metadata = await askMetadata(host, program, project.environment, signal);
  if (step.command === 'stop') {
    // As docker compose 5 does: providers of before know no such command.
    if (metadata?.stop === undefined) return;
    state.emit({ id: service.name, status: STATUS.stopping, kind: 'working' });
  }
  const options = optionArguments(service, step.command, metadata);
  const args = ['compose', `--project-name=${project.name}`, step.command, ...options, service.name];
  const { exitCode, stdout, stderr } = await host.run(program, args, { env: project.environment, signal });
  const variables: Record<string, string> = {};
  for (const line of stdout.split('\n').filter((text) => text.trim() !== '')) {
    const { type: kind, message } = parseMessage(line, type);
    if (kind === 'error') throw failed(step, message);
    if (kind === 'info') state.emit({ id: service.name, status: message, kind: 'working' });
    else if (kind === 'debug') debug('provider', () => `${service.name}: ${message}`);
    else if (kind === 'setenv' || kind === 'rawsetenv') {
      const [name, value] = variableIn(message, type);
      variables[kind === 'setenv' ? `${service.name.toUpperCase()}_${name}` : name] = value;
    } else throw failed(step, `provider "${type}" sent a message of unknown type "${kind}"`);
  }
  if (exitCode !== 0) throw failed(step, `"${type}" ended with status ${exitCode}: ${stderr.trim().slice(-500)}`);
  if (step.command === 'up') state.provide(service.name, variables);
  state.emit({ id: service.name, status: DONE[step.command].status, kind: 'done' });
}

const DONE: Readonly<Record<ProviderCommand, { readonly status: string; readonly verb: string }>> = {
  up: { status: STATUS.created, verb: 'create' },
  down: { status: STATUS.removed, verb: 'remove' },
  stop: { status: STATUS.stopped, verb: 'stop' },
};

const failed = (step: StepOf<'run-provider'>, why: string): WindlassError =>
  new WindlassError('PROVIDER_FAILED', `failed to ${DONE[step.command].verb} service "${step.service}": ${why}`);

function variableIn(message: string, type: string): [string, string] {
  const at = message.indexOf('=');
  if (at > 0) return [message.slice(0, at), message.slice(at + 1)];
  throw new WindlassError(
    'PROVIDER_FAILED',
    `provider "${type}" set a variable without a value: ${message.slice(0, 200)}`,
  );
}

function parseMessage(line: string, type: string): Message {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'type' in value && 'message' in value)
      return { type: String(value.type), message: String(value.message) };
  } catch {
    // Told below, with the line.
  }
  throw new WindlassError(
    'PROVIDER_FAILED',
    `provider "${type}" answered with a line that is no message: ${line.slice(0, 200)}`,
  );
}

const PLUGIN_FOLDERS = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
];

const pluginPlaces = (type: string, environment: Readonly<Record<string, string>>): string[] => {
  const config = environment.DOCKER_CONFIG ?? join(environment.HOME ?? homedir(), '.docker');
  return [join(config, 'cli-plugins'), ...PLUGIN_FOLDERS].map((folder) => join(folder, `docker-${type}`));
};

/** The path of a docker plugin; undefined when there is none. */
export async function findPlugin(
  type: string,
  environment: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  for (const place of pluginPlaces(type, environment)) if (await isExecutable(place)) return place;
  return undefined;
}

/** A docker plugin `docker-<type>`, else a program `<type>` on the path. */
async function findProvider(type: string, environment: Readonly<Record<string, string>>): Promise<string> {
  if (type === 'compose') throw new WindlassError('PROVIDER_UNKNOWN', '"compose" is not a valid provider type');
  const places = [
    ...pluginPlaces(type, environment),
    ...(environment.PATH ?? '')
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, type)),
  ];
  for (const place of places) if (await isExecutable(place)) return place;
  throw new WindlassError(
    'PROVIDER_UNKNOWN',
    `there is no provider "${type}": neither a docker plugin nor a program on the path`,
    {
      hint: `install "docker-${type}" or "${type}"`,
    },
  );
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
