// A container as `ps` shows it: the fields a --format template may use, with docker's names and texts.
import type { ObservedContainer } from '../../engine/engine.ts';
import { LABEL } from '../../names.ts';
import { goQuote } from './go-json.ts';
import { type Struct, TYPE_NAME } from './go-template/values.ts';
import { ellipsis, humanDuration, humanSize, shortId } from './human.ts';
import { formatList } from './list-format.ts';
import { displayPorts } from './ports.ts';
import { goTime } from './time.ts';

const CONTAINER_TABLE = '{{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}';

const HEADERS = {
  ID: 'CONTAINER ID',
  Name: 'NAME',
  Project: 'PROJECT',
  Service: 'SERVICE',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Ports: 'PORTS',
  State: 'STATE',
  Status: 'STATUS',
  Size: 'SIZE',
  Labels: 'LABELS',
} as const;

/** docker's `--format raw`. */
const RAW = [
  'container_id: {{.ID}}',
  'image: {{.Image}}',
  'command: {{.Command}}',
  'created_at: {{.CreatedAt}}',
  'state: {{- pad .State 1 0}}',
  'status: {{- pad .Status 1 0}}',
  'names: {{.Names}}',
  'labels: {{- pad .Labels 1 0}}',
  'ports: {{- pad .Ports 1 0}}',
  '',
].join('\n');

export interface ContainerRowOptions {
  readonly truncate: boolean;
  /** Now, in milliseconds. */
  readonly now: number;
}

/** Labels as `k=v`, joined and sorted, so that the same container always prints the same. */
const labelText = (labels: ObservedContainer['labels']): string =>
  Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(',');

const mountNames = (container: ObservedContainer, truncate: boolean): string =>
  container.mounts
    .map((mount) => mount.name || mount.source)
    // The engine's order is that of a map: another one each time.
    .sort()
    .map((name) => (truncate ? ellipsis(name, 15) : name))
    .join(',');

const publishers = (container: ObservedContainer): Struct[] =>
  [...container.ports]
    .sort((a, b) => a.containerPort - b.containerPort)
    .map(({ hostIp, containerPort, hostPort, protocol }) => ({
      URL: hostIp,
      TargetPort: containerPort,
      PublishedPort: hostPort,
      Protocol: protocol,
    }));

/** Fields in alphabetical order, as they appear in JSON. */
function containerRow(container: ObservedContainer, { truncate, now }: ContainerRowOptions): Struct {
  const { id, name, image, labels, state, status, command, createdAt } = container;
  return {
    [TYPE_NAME]: '*formatter.ContainerContext',
    Command: goQuote(truncate ? ellipsis(command, 20) : command),
    get CreatedAt() {
      return goTime(createdAt);
    },
    ExitCode: state === 'exited' || state === 'dead' ? (container.exitCode ?? 0) : 0,
    Health: state === 'running' ? (container.health ?? '') : '',
    ID: truncate ? shortId(id) : id,
    Image: image,
    Label: (key: unknown) => labels[String(key)] ?? '',
    Labels: labelText(labels),
    LocalVolumes: String(container.mounts.filter((mount) => (mount.driver ?? '') === 'local').length),
    Mounts: mountNames(container, truncate),
    Name: name,
    Names: name,
    Networks: Object.keys(container.networks).sort().join(','),
    Ports: displayPorts(container.ports),
    Project: labels[LABEL.project] ?? '',
    Publishers: publishers(container),
    RunningFor: `${humanDuration(now - createdAt * 1000)} ago`,
    Service: labels[LABEL.service] ?? '',
    Size: humanSize(0, 3),
    State: state,
    Status: status,
  };
}

/** The whole list under `--format`; `quiet` is `-q` together with a format. */
export function formatContainers(
  containers: readonly ObservedContainer[],
  format: string,
  options: ContainerRowOptions,
): string {
  const rows = containers.map((container) => containerRow(container, options));
  return formatList(rows, {
    format: format === 'raw' ? RAW : format,
    defaultTable: CONTAINER_TABLE,
    headers: HEADERS,
  });
}
