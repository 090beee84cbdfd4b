// A service → the body of `POST /containers/create`. Pure: what must be read from the host comes in as functions.
// The shape is docker compose 2.40.3's, so that `docker inspect` shows the same whichever of the two created it.
import type { Service } from '../../../model.ts';
import { durationMs } from '../../../units.ts';
import type { CreateContainer } from '../../engine.ts';
import { health } from './health.ts';
import { plainHostConfig } from './host-config.ts';
import { mounts } from './mounts.ts';
import { type NetworkFields, networkFields } from './networks.ts';
import { exposedPorts, portBindings } from './ports.ts';
import { resources } from './resources.ts';
import { restartPolicy } from './restart.ts';
import { security } from './security.ts';

export interface CreateFacts {
  /** The engine takes several networks in one create (API 1.44). */
  readonly multiNetworkCreate: boolean;
  /** Proxy variables of docker's config.json; the service's own environment wins. */
  readonly proxyEnvironment: Readonly<Record<string, string>>;
  readonly readFile: (path: string) => string;
}

export interface CreateBody {
  readonly body: Readonly<Record<string, unknown>>;
  /** Attachments to make after create. */
  readonly later: NetworkFields['later'];
}

export function containerBody(request: CreateContainer, facts: CreateFacts): CreateBody {
  const { service } = request;
  const network = networkFields(service, request.attachments, facts.multiNetworkCreate);
  const links = request.links ?? [...new Set(request.attachments.flatMap((attachment) => attachment.links ?? []))];
  const restart = request.oneOff === true ? undefined : restartPolicy(service);
  const body = {
    ...processFields(request),
    ...(service.hostname === undefined ? {} : { Hostname: service.hostname }),
    ...(service.domainname === undefined ? {} : { Domainname: service.domainname }),
    ExposedPorts: exposedPorts(service),
    Env: environment(service, facts.proxyEnvironment),
    Image: request.image,
    Labels: request.labels,
    ...(service.network_mode === 'disabled' ? { NetworkDisabled: true } : {}),
    ...(network.macAddress === undefined ? {} : { MacAddress: network.macAddress }),
    ...(service.healthcheck === undefined ? {} : { Healthcheck: health(service.healthcheck) }),
    HostConfig: {
      ...plainHostConfig(service),
      ...resources(service),
      ...mounts(request),
      ...security({
        options: service.security_opt ?? [],
        directory: request.workingDir ?? process.cwd(),
        readFile: facts.readFile,
        resource: `container "${request.name}"`,
      }),
      AutoRemove: request.autoRemove ?? false,
      NetworkMode: network.NetworkMode,
      PortBindings: portBindings(service),
      ...(links.length === 0 ? {} : { Links: links }),
      ...(restart === undefined ? {} : { RestartPolicy: restart }),
      LogConfig: { Type: service.logging?.driver ?? '', Config: service.logging?.options ?? {} },
    },
    NetworkingConfig: { EndpointsConfig: network.endpoints },
  };
  return { body, later: network.later };
}

/** What runs inside, and how it is attached and stopped. */
function processFields(request: CreateContainer): Record<string, unknown> {
  const { service } = request;
  const openStdin = request.openStdin ?? service.stdin_open ?? false;
  const attachStdin = request.attachStdin ?? false;
  return {
    AttachStdin: attachStdin,
    AttachStdout: true,
    AttachStderr: true,
    Tty: request.tty ?? service.tty ?? false,
    OpenStdin: openStdin,
    // The engine closes standard input when the first attached client leaves.
    StdinOnce: attachStdin && openStdin,
    ...(service.user === undefined ? {} : { User: service.user }),
    ...(service.command === null ? {} : { Cmd: service.command }),
    ...(service.entrypoint === null ? {} : { Entrypoint: service.entrypoint }),
    ...(service.working_dir === undefined ? {} : { WorkingDir: service.working_dir }),
    ...(service.stop_signal === undefined ? {} : { StopSignal: service.stop_signal }),
    ...(service.stop_grace_period === undefined
      ? {}
      : { StopTimeout: Math.trunc(durationMs(service.stop_grace_period, 10_000) / 1000) }),
  };
}

/** `KEY=value`, sorted by key so that the same service gives the same body; `KEY` alone takes the variable away. */
function environment(service: Service, proxies: Readonly<Record<string, string>>): string[] {
  const merged: Record<string, string | null> = { ...proxies, ...service.environment };
  return Object.keys(merged)
    .sort()
    .map((key) => (merged[key] === null ? key : `${key}=${merged[key]}`));
}
