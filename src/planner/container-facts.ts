// What `inspect` tells of a container, in the terms of a Compose file: the other side of a comparison with a service.
import type { ContainerDetails, ImageDefaults } from '../engine/engine.ts';
import { record, text } from '../json.ts';

export type Fact = string | number | boolean | readonly string[] | undefined;
export type Facts = Readonly<Record<string, Fact>>;
/** Facts by name, such as variables. */
export type NamedFacts = Readonly<Record<string, string>>;

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
/** An empty text is none. */
const words = (value: unknown): string | undefined => text(value) || undefined;
/** The engine writes 0 for "not limited". */
const amount = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined);
const flag = (value: unknown): boolean | undefined => (value === true ? true : undefined);
/** An empty list is none. */
const some = (items: readonly string[]): readonly string[] | undefined => (items.length === 0 ? undefined : items);
const sequence = (value: unknown): readonly string[] | undefined => some(list(value));
const set = (value: unknown): readonly string[] | undefined => some(list(value).sort());

const NANO = 1e9;

/** Attributes that have one value, by the path they have in a service. What is at the engine's default is undefined. */
export function containerFacts(details: ContainerDetails, image: ImageDefaults | undefined): Facts {
  const config = record(record(details.raw).Config);
  const host = record(record(details.raw).HostConfig);
  const health = record(config.Healthcheck);
  const restart = record(host.RestartPolicy);
  const own = <T>(value: T, byImage: T | undefined): T | undefined => (same(value, byImage) ? undefined : value);
  return {
    image: words(config.Image),
    command: own(sequence(config.Cmd), image?.command),
    entrypoint: own(sequence(config.Entrypoint), image?.entrypoint),
    user: own(words(config.User), words(image?.user)),
    working_dir: own(words(config.WorkingDir), words(image?.workingDir)),
    hostname: details.id.startsWith(String(config.Hostname ?? '')) ? undefined : words(config.Hostname),
    domainname: words(config.Domainname),
    tty: flag(config.Tty),
    stdin_open: flag(config.OpenStdin),
    restart: restartWords(words(restart.Name), Number(restart.MaximumRetryCount ?? 0)),
    privileged: flag(host.Privileged),
    read_only: flag(host.ReadonlyRootfs),
    init: flag(host.Init),
    cap_add: set(host.CapAdd)?.map((name) => name.replace(/^CAP_/, '')),
    cap_drop: set(host.CapDrop)?.map((name) => name.replace(/^CAP_/, '')),
    dns: set(host.Dns),
    security_opt: set(host.SecurityOpt),
    group_add: set(host.GroupAdd),
    pid: words(host.PidMode),
    mem_limit: amount(host.Memory),
    mem_reservation: amount(host.MemoryReservation),
    cpus: amount(Number(host.NanoCpus ?? 0) / NANO),
    cpu_shares: amount(host.CpuShares),
    cpuset: words(host.CpusetCpus),
    pids_limit: amount(host.PidsLimit),
    'healthcheck.test': sequence(health.Test),
    'healthcheck.interval': seconds(health.Interval),
    'healthcheck.timeout': seconds(health.Timeout),
    'healthcheck.start_period': seconds(health.StartPeriod),
    'healthcheck.retries': amount(health.Retries),
  };
}

/** `KEY=value` of its environment, without what the image says. */
export function containerEnvironment(details: ContainerDetails, image: ImageDefaults | undefined): NamedFacts {
  const byImage = new Set(image?.environment ?? []);
  const pairs = list(record(record(details.raw).Config).Env).filter((pair) => !byImage.has(pair));
  return Object.fromEntries(pairs.map((pair) => [pair.replace(/=.*$/s, ''), pair.replace(/^[^=]*=?/, '')]));
}

/** Its own labels: neither the image's nor those that say which service it is of. */
export function containerLabels(details: ContainerDetails, byImage: Readonly<Record<string, string>>): NamedFacts {
  return Object.fromEntries(
    Object.entries(details.labels).filter(
      ([name, value]) => !/^(com\.docker\.compose|io\.windlass)\./.test(name) && byImage[name] !== value,
    ),
  );
}

/** `8080:80/tcp`, `127.0.0.1:8080:80/tcp`, as asked for; sorted. */
export function containerPorts(details: ContainerDetails): readonly string[] {
  const bindings = record(record(record(details.raw).HostConfig).PortBindings);
  return Object.entries(bindings)
    .flatMap(([port, all]) =>
      (Array.isArray(all) ? all : []).map((binding: unknown) => {
        const { HostIp, HostPort } = record(binding);
        return [HostIp, HostPort]
          .map(String)
          .filter((part) => part !== '' && part !== 'undefined')
          .concat(port)
          .join(':');
      }),
    )
    .sort();
}

/** Target → `source` of its mounts, `source:ro` of those that cannot be written; without anonymous volumes. */
export function containerMounts(details: ContainerDetails): NamedFacts {
  return Object.fromEntries(
    details.mounts
      .filter(({ type, name }) => !(type === 'volume' && /^[0-9a-f]{64}$/.test(name)))
      .map(({ type, name, source, target, readWrite }) => [
        target,
        `${type === 'volume' ? name : source}${readWrite ? '' : ':ro'}`,
      ]),
  );
}

const seconds = (nanoseconds: unknown): number | undefined => {
  const value = amount(nanoseconds);
  return value === undefined ? undefined : value / NANO;
};

function restartWords(name: string | undefined, retries: number): string | undefined {
  if (name === undefined || name === 'no') return undefined;
  return retries > 0 ? `${name}:${retries}` : name;
}

/** Whether two facts are the same; an empty list is none. */
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? []) === JSON.stringify(b ?? []);
