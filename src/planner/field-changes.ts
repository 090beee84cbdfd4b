// What exactly a service and its container disagree about, attribute by attribute. The config hash only tells that they do.
import type { ContainerDetails, ObservedImage } from '../engine/engine.ts';
import type { Project, Service } from '../model.ts';
import { shownValue, withoutPasswords } from '../redact.ts';
import { parseDuration } from '../units.ts';
import {
  containerEnvironment,
  containerFacts,
  containerLabels,
  containerMounts,
  containerPorts,
  type Facts,
  type NamedFacts,
  same,
} from './container-facts.ts';
import type { FieldChange } from './plan.ts';
import { imageOf } from './services.ts';

/**
 * The attributes that differ, sorted by path; values fit to be shown, secrets hidden. Empty where the difference is in something that
 * `inspect` does not show. `image` is the one the container was made from.
 */
export function fieldChanges(
  project: Project,
  service: Service,
  details: ContainerDetails,
  image: ObservedImage | undefined,
): readonly FieldChange[] {
  const facts = containerFacts(details, image?.defaults);
  return [
    ...changes(facts, serviceFacts(project, service, facts), '', withoutPasswords),
    ...changesByName('environment', containerEnvironment(details, image?.defaults), environmentOf(service), shownValue),
    ...changesByName('labels', containerLabels(details, image?.labels ?? {}), labelsOf(service), shownValue),
    ...changesByName(
      'volumes',
      withoutFiles(service, containerMounts(details)),
      mountsOf(project, service),
      (_, text) => text,
    ),
    ...changes({ ports: containerPorts(details) }, { ports: portsOf(service) }, '', (text) => text),
    ...networkChanges(project, service, details),
  ].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

type Show = (text: string) => string;

function changes(before: Facts, after: Facts, prefix: string, show: Show): FieldChange[] {
  return Object.keys({ ...before, ...after })
    .filter((key) => !same(before[key], after[key]))
    .map((key) => change(`${prefix}${key}`, spoken(before[key], show), spoken(after[key], show)));
}

function changesByName(
  path: string,
  before: NamedFacts,
  after: NamedFacts,
  show: (name: string, value: string) => string,
): FieldChange[] {
  return Object.keys({ ...before, ...after })
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const words = (value: string | undefined) =>
        value === undefined ? undefined : JSON.stringify(show(name, value));
      return change(`${path}.${name}`, words(before[name]), words(after[name]));
    });
}

const change = (path: string, before: string | undefined, after: string | undefined): FieldChange => ({
  path,
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
});

function spoken(value: Facts[string], show: Show): string | undefined {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  return show(JSON.stringify(value));
}

/** Attributes that a service leaves open are taken as they are: the engine or the image decided. */
function serviceFacts(project: Project, service: Service, actual: Facts): Facts {
  const limits = service.deploy?.resources?.limits;
  const check = service.healthcheck;
  const names = (all: readonly string[] | undefined) =>
    all === undefined || all.length === 0 ? undefined : [...all].map((name) => name.replace(/^CAP_/, '')).sort();
  const bytes = (text: string | undefined) => (text === undefined ? undefined : Number(text) || undefined);
  const seconds = (text: string | undefined) =>
    text === undefined ? undefined : (parseDuration(text) ?? 0) / 1e9 || undefined;
  return {
    image: imageOf(project, service),
    command: service.command ?? undefined,
    entrypoint: service.entrypoint ?? undefined,
    user: service.user || undefined,
    working_dir: service.working_dir || undefined,
    hostname: service.hostname || undefined,
    domainname: service.domainname || undefined,
    tty: service.tty || undefined,
    stdin_open: service.stdin_open || undefined,
    restart: service.deploy?.restart_policy === undefined ? restartOf(service) : actual.restart,
    privileged: service.privileged || undefined,
    read_only: service.read_only || undefined,
    init: service.init || undefined,
    cap_add: names(service.cap_add),
    cap_drop: names(service.cap_drop),
    dns: names(service.dns),
    security_opt: names(service.security_opt),
    group_add: names(service.group_add),
    pid: service.pid?.startsWith('service:') ? actual.pid : service.pid || undefined,
    mem_limit: bytes(limits?.memory ?? service.mem_limit),
    mem_reservation: bytes(service.deploy?.resources?.reservations?.memory ?? service.mem_reservation),
    cpus: Number(limits?.cpus ?? service.cpus ?? 0) || undefined,
    cpu_shares: service.cpu_shares || undefined,
    cpuset: service.cpuset || undefined,
    pids_limit: (limits?.pids ?? service.pids_limit ?? 0) > 0 ? (limits?.pids ?? service.pids_limit) : undefined,
    'healthcheck.test': check?.disable === true ? ['NONE'] : check?.test,
    'healthcheck.interval': seconds(check?.interval),
    'healthcheck.timeout': seconds(check?.timeout),
    'healthcheck.start_period': seconds(check?.start_period),
    'healthcheck.retries': check?.retries || undefined,
  };
}

const restartOf = ({ restart }: Service): string | undefined =>
  restart === undefined || restart === '' || restart === 'no' ? undefined : restart;

const environmentOf = (service: Service): NamedFacts =>
  Object.fromEntries(
    Object.entries(service.environment ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );

const labelsOf = (service: Service): NamedFacts => service.labels ?? {};

const portsOf = ({ ports = [] }: Service): readonly string[] =>
  ports
    .map(({ host_ip: ip, published, target, protocol }) =>
      [ip, published]
        .filter((part) => part !== undefined && part !== '')
        .concat(`${target}/${protocol ?? 'tcp'}`)
        .join(':'),
    )
    .sort();

function mountsOf(project: Project, service: Service): NamedFacts {
  return Object.fromEntries(
    (service.volumes ?? [])
      .filter(({ type, source, target }) => (type === 'volume' || type === 'bind') && source && target)
      .map(({ type, source = '', target = '', read_only: readOnly }) => [
        target,
        `${type === 'volume' ? (project.volumes[source]?.name ?? source) : source}${readOnly === true ? ':ro' : ''}`,
      ]),
  );
}

/** Configs and secrets are mounted too; what they contain is compared by a digest. */
function withoutFiles(service: Service, mounts: NamedFacts): NamedFacts {
  const targets = new Set(
    [
      ...(service.secrets ?? []).map((use) => [use, '/run/secrets/'] as const),
      ...(service.configs ?? []).map((use) => [use, '/'] as const),
    ].map(([{ source, target }, folder]) => (target?.startsWith('/') ? target : `${folder}${target || source}`)),
  );
  return Object.fromEntries(Object.entries(mounts).filter(([target]) => !targets.has(target)));
}

function networkChanges(project: Project, service: Service, details: ContainerDetails): FieldChange[] {
  if (service.network_mode) return [];
  const wanted = Object.keys(service.networks ?? {}).map((key) => project.networks[key]?.name ?? key);
  const actual = Object.keys(details.networks);
  return [
    ...actual
      .filter((name) => !wanted.includes(name))
      .map((name) => change(`networks.${name}`, 'connected', undefined)),
    ...wanted
      .filter((name) => !actual.includes(name))
      .map((name) => change(`networks.${name}`, undefined, 'connected')),
  ];
}
