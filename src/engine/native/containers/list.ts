// Lines of `GET /containers/json`: how a container is summed up, and which ones a filter takes. Pure.
import type { Filters } from '../server/filters.ts';
import { apiEndpoint, apiMount, commandOf } from './inspect.ts';
import { type ContainerRecord, isLive } from './types.ts';

export function summarise(
  record: ContainerRecord,
  imageName: string,
  now: number,
  otherNames: readonly string[] = [],
): Record<string, unknown> {
  return {
    Id: record.id,
    Names: [`/${record.name}`, ...otherNames],
    Image: imageName,
    ImageID: record.imageId,
    Command: commandOf(record).map(quoteIfNeeded).join(' '),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: ports(record),
    Labels: record.config.Labels ?? {},
    State: record.state.status,
    Status: statusText(record, now),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode || 'default' },
    NetworkSettings: {
      Networks: Object.fromEntries(
        Object.entries(record.endpoints).map(([name, endpoint]) => [name, apiEndpoint(record, endpoint)]),
      ),
    },
    Mounts: record.mounts.filter((point) => point.Type !== 'tmpfs').map(apiMount),
  };
}

const quoteIfNeeded = (word: string): string => (word.includes(' ') ? `'${word}'` : word);

function ports(record: ContainerRecord): Record<string, unknown>[] {
  if (!isLive(record.state.status)) return [];
  const published = record.ports.map((port) => ({
    IP: port.hostIp,
    PrivatePort: port.containerPort,
    PublicPort: port.hostPort,
    Type: port.protocol,
  }));
  const bound = new Set(record.ports.map((port) => `${port.containerPort}/${port.protocol}`));
  // The image may say `80/tcp` and the client `80`.
  const keys = Object.keys(record.config.ExposedPorts ?? {}).map((port) => (port.includes('/') ? port : `${port}/tcp`));
  const exposed = [...new Set(keys)]
    .filter((port) => !bound.has(port))
    .map((port) => {
      const [number = '', protocol = 'tcp'] = port.split('/');
      // A range that only the client knows is port 0, as in Docker.
      return { PrivatePort: Number(number) || 0, Type: protocol };
    });
  return [...exposed, ...published];
}

/** `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`: the words of docker ps. */
function statusText(record: ContainerRecord, now: number): string {
  const { state } = record;
  const since = (time: string): string => humanDuration((now - Date.parse(time)) / 1000);
  const health = state.health
    ? ` (${state.health.Status === 'starting' ? 'health: starting' : state.health.Status})`
    : '';
  switch (state.status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${since(state.startedAt)}${health}`;
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}

/** Docker's rounding: about a minute, 3 hours, 2 days. */
export function humanDuration(seconds: number): string {
  const whole = Math.max(Math.floor(seconds), 0);
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(whole / 3600 + 0.5);
  if (whole < 1) return 'Less than a second';
  if (whole === 1) return '1 second';
  if (whole < 60) return `${whole} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

export interface ListContext {
  readonly all: boolean;
  readonly filters: Filters;
  /** Image ids that the `ancestor` filter's values stand for. */
  readonly ancestors: ReadonlySet<string>;
  /** Containers named by `before` and `since`. */
  readonly before?: ContainerRecord;
  readonly since?: ContainerRecord;
}

export function isListed(record: ContainerRecord, context: ListContext): boolean {
  const { filters } = context;
  const { state } = record;
  const wantsStopped = context.all || filters.has('status') || filters.has('exited') || context.before || context.since;
  if (!wantsStopped && !isLive(state.status) && state.status !== 'restarting') return false;
  if (context.before && record.created >= context.before.created) return false;
  if (context.since && record.created <= context.since.created) return false;
  if (filters.has('ancestor') && !context.ancestors.has(record.imageId)) return false;
  const health = state.health?.Status ?? 'none';
  return (
    filters.any('id', (value) => record.id.startsWith(value)) &&
    filters.any('name', (value) => matchesName(record.name, value)) &&
    filters.any('status', (value) => value === state.status) &&
    filters.any('health', (value) => value === health) &&
    filters.any('exited', (value) => state.status === 'exited' && Number(value) === state.exitCode) &&
    filters.labels('label', record.config.Labels ?? {}) &&
    filters.any('network', (value) =>
      Object.values(record.endpoints).some(
        ({ networkId, networkName }) => networkName === value || networkId.startsWith(value),
      ),
    ) &&
    filters.any('volume', (value) =>
      record.mounts.some((point) => point.Name === value || point.Destination === value || point.Source === value),
    ) &&
    filters.any('publish', (value) => record.ports.some((port) => matchesPort(value, port.hostPort, port.protocol))) &&
    filters.any('expose', (value) =>
      Object.keys(record.config.ExposedPorts ?? {}).some((port) => {
        const [number = '', protocol = 'tcp'] = port.split('/');
        return matchesPort(value, Number(number), protocol);
      }),
    ) &&
    filters.any('is-task', (value) => value === 'false' || value === '0')
  );
}

/** A regular expression, as Docker has it, against the name with and without its slash; text that is none is compared. */
function matchesName(name: string, pattern: string): boolean {
  try {
    const expression = new RegExp(pattern);
    return expression.test(name) || expression.test(`/${name}`);
  } catch {
    return name.includes(pattern);
  }
}

function matchesPort(value: string, port: number, protocol: string): boolean {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(value);
  if (!match) return false;
  const from = Number(match[1]);
  return port >= from && port <= Number(match[2] ?? from) && protocol === (match[3] ?? 'tcp');
}
