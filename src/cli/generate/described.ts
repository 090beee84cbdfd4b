// Existing containers → a Compose file that says the same. What a container has from its image is left out; networks and volumes are
// named as they are, and not created anew.
import type { ContainerDetails, ObservedImage, ObservedMount } from '../../engine/engine.ts';
import { formatDuration } from '../../go-duration.ts';
import { byBytes, type OrderedMap, type OrderedValue } from '../../go-json.ts';
import { record, text } from '../../json.ts';
import { LABEL } from '../../names.ts';

export interface SeenContainer {
  readonly details: ContainerDetails;
  readonly image: ObservedImage | undefined;
}

/** `name` is the project's; undefined leaves it to the folder. */
export function describedProject(seen: readonly SeenContainer[], name: string | undefined): OrderedMap {
  const services = new Map<string, OrderedMap>();
  for (const one of seen) {
    const service = one.details.labels[LABEL.service] ?? one.details.name;
    const known = services.get(service);
    if (known === undefined) services.set(service, describedService(one));
    else known.set('scale', Number(known.get('scale') ?? 1) + 1);
  }
  const mounts = seen.flatMap(({ details }) => details.mounts);
  return present([
    ['name', name],
    ['services', new Map([...services].sort(([a], [b]) => byBytes(a, b)))],
    ['networks', external(seen.flatMap(({ details }) => ownNetworks(details)))],
    ['volumes', external(mounts.filter(isNamedVolume).map((mount) => mount.name))],
    ['secrets', new Map(mounts.filter(isSecret).map((mount) => [baseOf(mount), new Map([['file', mount.source]])]))],
  ]);
}

function describedService({ details, image }: SeenContainer): OrderedMap {
  const { Config, HostConfig } = record(details.raw);
  const [config, host] = [record(Config), record(HostConfig)];
  const defaults = image?.defaults;
  const environment = texts(config.Env).filter((line) => defaults?.environment.includes(line) !== true);
  const mode = text(host.NetworkMode);
  const unlike = (own: readonly string[], given: readonly string[] | undefined): OrderedValue | undefined =>
    own.join('\0') === (given ?? []).join('\0') ? undefined : escaped(own);
  const entrypoint = unlike(texts(config.Entrypoint), defaults?.entrypoint);
  return present([
    ['image', details.image],
    ['entrypoint', entrypoint],
    // An entrypoint of its own takes the image's command away.
    ['command', unlike(texts(config.Cmd), entrypoint === undefined ? defaults?.command : [])],
    ['user', text(config.User) === defaults?.user ? undefined : text(config.User)],
    ['working_dir', text(config.WorkingDir) === defaults?.workingDir ? undefined : text(config.WorkingDir)],
    ['environment', escaped(environment.sort(byBytes))],
    ['labels', ownLabels(details, image)],
    ['healthcheck', image?.hasHealthcheck === true ? undefined : healthcheck(record(config.Healthcheck))],
    ['network_mode', /^(host|none|bridge|default)$/.test(mode) ? mode.replace('default', 'bridge') : undefined],
    ['networks', new Map(ownNetworks(details).map((network) => [network, aliases(details, network)]))],
    ['ports', ports(record(host.PortBindings))],
    ['volumes', details.mounts.filter((mount) => !isSecret(mount)).flatMap(volume)],
    [
      'secrets',
      details.mounts.filter(isSecret).map((mount) =>
        present([
          ['source', baseOf(mount)],
          ['target', mount.target],
        ]),
      ),
    ],
    ['restart', restart(record(host.RestartPolicy))],
    ['privileged', host.Privileged === true || undefined],
    ['read_only', host.ReadonlyRootfs === true || undefined],
    ['init', host.Init === true || undefined],
    ['tty', details.tty || undefined],
    ['stdin_open', details.openStdin || undefined],
    ['cap_add', texts(host.CapAdd)],
    ['cap_drop', texts(host.CapDrop)],
    ['extra_hosts', texts(host.ExtraHosts)],
  ]);
}

/** Without what says nothing. */
const present = (entries: readonly (readonly [string, OrderedValue | undefined])[]): OrderedMap =>
  new Map(entries.flatMap(([key, value]) => (value === undefined || isEmpty(value) ? [] : [[key, value]])));

const isEmpty = (value: OrderedValue): boolean =>
  value === '' || (Array.isArray(value) && value.length === 0) || (value instanceof Map && value.size === 0);

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

/** A `$` is the container's own, and no variable of the file. */
const escaped = (values: readonly string[]): string[] => values.map((value) => value.replaceAll('$', '$$$$'));

const external = (names: readonly string[]): OrderedMap =>
  new Map(
    [...new Set(names)].sort(byBytes).map((name) => [
      name,
      new Map<string, OrderedValue>([
        ['name', name],
        ['external', true],
      ]),
    ]),
  );

/** The networks that a user has made. */
const ownNetworks = ({ networks }: ContainerDetails): string[] =>
  Object.keys(networks)
    .filter((name) => !['bridge', 'host', 'none'].includes(name))
    .sort(byBytes);

/** What the container is called there anyway is left out. */
function aliases({ networks, name, id, labels }: ContainerDetails, network: string): OrderedValue {
  const known = [name, id.slice(0, 12), labels[LABEL.service]];
  const own = (networks[network]?.aliases ?? []).filter((alias) => !known.includes(alias));
  return own.length === 0 ? null : new Map([['aliases', own]]);
}

const ownLabels = ({ labels }: ContainerDetails, image: ObservedImage | undefined): OrderedMap =>
  new Map(
    Object.entries(labels)
      .filter(
        ([key, value]) =>
          !/^(com\.docker\.compose|desktop\.docker\.io|io\.windlass)\b/.test(key) && image?.labels[key] !== value,
      )
      .map(([key, value]): [string, string] => [key, value.replaceAll('$', '$$$$')])
      .sort(([a], [b]) => byBytes(a, b)),
  );

const DURATIONS = [
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start_period', 'StartPeriod'],
  ['start_interval', 'StartInterval'],
] as const;

function healthcheck(check: Readonly<Record<string, unknown>>): OrderedMap {
  const duration = (value: unknown): string | undefined =>
    typeof value === 'number' && value > 0 ? formatDuration(BigInt(value)) : undefined;
  return present([
    ['test', escaped(texts(check.Test))],
    ...DURATIONS.map(([key, field]) => [key, duration(check[field])] as const),
    ['retries', typeof check.Retries === 'number' && check.Retries > 0 ? check.Retries : undefined],
  ]);
}

/** An address that means all of them is left out, and with it the second one that stands for IPv6. */
function ports(bindings: Readonly<Record<string, unknown>>): OrderedValue[] {
  const found = new Map<string, OrderedMap>();
  for (const [key, list] of Object.entries(bindings).sort(([a], [b]) => byBytes(a, b)))
    for (const binding of Array.isArray(list) ? list.map(record) : []) {
      const [target = '', protocol = 'tcp'] = key.split('/');
      const [published, given] = [text(binding.HostPort), text(binding.HostIp)];
      const host = given === '0.0.0.0' || given === '::' ? '' : given;
      const port = present([
        ['target', Number(target)],
        ['published', published],
        ['host_ip', host],
        ['protocol', protocol],
      ]);
      found.set([key, published, host].join(' '), port);
    }
  return [...found.values()];
}

/** Anonymous volumes have names of 64 digits. */
const isNamedVolume = ({ type, name }: ObservedMount): boolean => type === 'volume' && !/^[0-9a-f]{64}$/.test(name);
const isSecret = ({ type, target }: ObservedMount): boolean => type === 'bind' && target.startsWith('/run/secrets/');
const baseOf = ({ target }: ObservedMount): string => target.slice(target.lastIndexOf('/') + 1);

function volume(mount: ObservedMount): OrderedMap[] {
  if (mount.type !== 'volume' && mount.type !== 'bind') return [];
  const source = mount.type === 'bind' ? mount.source : isNamedVolume(mount) ? mount.name : undefined;
  return [
    present([
      ['type', mount.type],
      ['source', source?.replaceAll('$', '$$$$')],
      ['target', mount.target],
      ['read_only', !mount.readWrite || undefined],
    ]),
  ];
}

function restart({ Name, MaximumRetryCount: most }: Readonly<Record<string, unknown>>): string | undefined {
  const policy = text(Name);
  if (policy === '' || policy === 'no') return undefined;
  return policy === 'on-failure' && typeof most === 'number' && most > 0 ? `${policy}:${most}` : policy;
}
