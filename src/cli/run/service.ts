// The service of `run` as its flags make it: command, environment, ports, mounts, capabilities, no restart policy. Pure.
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { Mount, Port, Project, Service } from '../../model.ts';
import { splitCommand } from '../../spec/shell-words.ts';
import { parsePorts } from '../../spec/short-port.ts';
import { parseVolume } from '../../spec/short-volume.ts';
import type { FlagValues } from '../declaration.ts';
import type { runFlags } from '../declarations/run.ts';

export type RunFlags = FlagValues<typeof runFlags>;

export interface RunRequest {
  readonly flags: RunFlags;
  readonly command: readonly string[];
  readonly containerName: string;
  /** What -e and --env-from-file add. */
  readonly environment: Readonly<Record<string, string>>;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly cwd: string;
  readonly home: string;
}

/** The project with the service as the one-off container is to be made from it. */
export function withRunService(project: Project, service: Service, request: RunRequest): Project {
  return { ...project, services: { ...project.services, [service.name]: runService(service, request) } };
}

export function runService(service: Service, request: RunRequest): Service {
  const { flags, command, environment } = request;
  const { restart: _restart, deploy, ports, ...kept } = service;
  const entrypoint = flags.entrypoint === undefined ? undefined : words(flags.entrypoint);
  const added = flags['cap-add'];
  const dropped = flags['cap-drop'];
  return {
    ...kept,
    ...(deploy === undefined ? {} : { deploy: withoutRestartPolicy(deploy) }),
    ...withPorts(flags['service-ports'] ? (ports ?? []) : flags.publish.flatMap(portsOf)),
    scale: 1,
    container_name: request.containerName,
    tty: request.tty,
    stdin_open: request.interactive,
    // An entrypoint of one's own does not get the arguments meant for another.
    command: command.length > 0 ? command : entrypoint === undefined ? service.command : [],
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.workdir === undefined ? {} : { working_dir: flags.workdir }),
    ...(Object.keys(environment).length === 0 ? {} : { environment: { ...service.environment, ...environment } }),
    ...(flags.label.length === 0 ? {} : { labels: { ...service.labels, ...labelsOf(flags.label) } }),
    ...(flags.volume.length === 0
      ? {}
      : {
          volumes: mergeMounts(
            service.volumes ?? [],
            flags.volume.map((text) => mountOf(text, request)),
          ),
        }),
    ...capabilities('cap_add', service.cap_add ?? [], added, dropped),
    ...capabilities('cap_drop', service.cap_drop ?? [], dropped, added),
  };
}

function withoutRestartPolicy(deploy: NonNullable<Service['deploy']>): NonNullable<Service['deploy']> {
  const { restart_policy: _policy, ...rest } = deploy;
  return { ...rest, ...(rest.replicas === undefined ? {} : { replicas: 1 }) };
}

const withPorts = (ports: readonly Port[]): Pick<Service, 'ports'> => (ports.length === 0 ? {} : { ports });

function words(line: string): readonly string[] {
  const split = splitCommand(line);
  if ('problem' in split) throw new UsageError(`invalid value for "--entrypoint": ${split.problem}`);
  return split.words;
}

function portsOf(text: string): readonly Port[] {
  const ports = parsePorts(text);
  if (Array.isArray(ports)) return ports.map((port) => ({ ...port }));
  throw new UsageError(`invalid value for "--publish": ${'problem' in ports ? ports.problem : text}`, {
    hint: 'write [[HOST_IP:]HOST_PORT:]CONTAINER_PORT[/PROTOCOL]',
  });
}

/** Paths are relative to where windlass is called. */
function mountOf(text: string, { cwd, home }: RunRequest): Mount {
  const mount = parseVolume(text);
  if ('problem' in mount)
    throw new UsageError(`invalid value for "--volume": ${mount.problem}`, { hint: 'write [SOURCE:]TARGET[:OPTIONS]' });
  if (mount.type !== 'bind' || mount.source === undefined) return { ...mount };
  const source = mount.source.replace(/^~(?=\/|$)/, home);
  return { ...mount, source: resolve(cwd, source) };
}

/** A mount of the command line takes the place of the file's at the same target. */
function mergeMounts(own: readonly Mount[], added: readonly Mount[]): readonly Mount[] {
  const targets = new Set(added.map(({ target }) => target));
  return [...own.filter(({ target }) => !targets.has(target)), ...added];
}

function labelsOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      if (at < 0) throw new UsageError('label must be set as KEY=VALUE', { hint: `write "${entry || 'KEY'}=…"` });
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** What is added to one list is taken off the other. */
function capabilities(
  key: 'cap_add' | 'cap_drop',
  own: readonly string[],
  more: readonly string[],
  less: readonly string[],
): Pick<Service, 'cap_add' | 'cap_drop'> {
  if (more.length === 0 && less.length === 0) return {};
  const list = [...own.filter((name) => !less.includes(name)), ...more];
  return { [key]: list };
}
