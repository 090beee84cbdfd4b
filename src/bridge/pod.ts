// A service → the pod that runs it: its containers with what they may do, use and see.

import type { Healthcheck, Hook, InitHook, NullableStringMap, Project, Service } from '../model.ts';
import { durationMs } from '../units.ts';
import { KOMPOSE, komposeLabel } from './kompose.ts';
import { type Fields, orNothing, type Tree } from './manifest.ts';
import { dnsName, portName } from './names.ts';
import { exposedPorts } from './ports.ts';
import { podStorage } from './storage.ts';

/** `restartPolicy` is what the controller asks for. */
export function podSpec(project: Project, service: Service, restartPolicy: string | undefined): Fields {
  const { mounts, volumes } = podStorage(project, service);
  const pullSecret = komposeLabel(service, KOMPOSE.pullSecret);
  return {
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
    serviceAccountName: komposeLabel(service, KOMPOSE.serviceAccount),
    imagePullSecrets: pullSecret === undefined ? undefined : [{ name: pullSecret }],
    hostname: service.hostname === undefined ? undefined : dnsName(service.hostname),
    subdomain: service.domainname,
    hostNetwork: service.network_mode === 'host' || undefined,
    hostPID: service.pid === 'host' || undefined,
    hostIPC: service.ipc === 'host' || undefined,
    terminationGracePeriodSeconds: seconds(service.stop_grace_period),
    hostAliases: orNothing(hostAliases(service.extra_hosts ?? [])),
    dnsConfig: orNothing(dnsConfig(service)),
    // With the host's network a pod would resolve names as the host does, and find no service.
    dnsPolicy: service.dns?.length ? 'None' : service.network_mode === 'host' ? 'ClusterFirstWithHostNet' : undefined,
    securityContext: orNothing(podSecurity(service)),
    initContainers: orNothing(
      (service.pre_start ?? []).map((hook, index) => initContainer(service, hook, index, mounts)),
    ),
    containers: [container(project, service, mounts)],
    volumes: orNothing(volumes),
  };
}

function container(project: Project, service: Service, mounts: readonly Fields[]): Fields {
  return {
    name: dnsName(service.container_name ?? service.name),
    image: imageOf(project, service),
    imagePullPolicy:
      komposeLabel(service, KOMPOSE.pullPolicy) ?? PULL_POLICY[service.pull_policy ?? ''] ?? 'IfNotPresent',
    command: service.entrypoint ?? undefined,
    args: service.command ?? undefined,
    workingDir: service.working_dir,
    env: orNothing(environment(service.environment)),
    ports: orNothing(
      exposedPorts(service).map(({ port, protocol }) => ({
        name: portName(service.name, port, protocol),
        containerPort: port,
        ...(protocol === 'tcp' ? {} : { protocol: protocol.toUpperCase() }),
      })),
    ),
    stdin: service.stdin_open || undefined,
    tty: service.tty || undefined,
    resources: orNothing(resources(service)),
    readinessProbe: probe(service.healthcheck),
    lifecycle: orNothing({ postStart: handler(service.post_start), preStop: handler(service.pre_stop) }),
    securityContext: orNothing(containerSecurity(service)),
    volumeMounts: orNothing(mounts),
  };
}

const PULL_POLICY: Readonly<Record<string, string>> = { always: 'Always', never: 'Never' };

/** A service without an image is what `build` would name it. */
const imageOf = (project: Project, { name, image }: Service): string => image ?? `${project.name}-${name}`;

function initContainer(service: Service, hook: InitHook, index: number, mounts: readonly Fields[]): Fields {
  return {
    name: `pre-start-${index + 1}`,
    image: hook.image ?? service.image,
    command: hook.command ?? undefined,
    workingDir: hook.working_dir,
    env: orNothing(environment({ ...service.environment, ...hook.environment })),
    securityContext: orNothing({ ...runAs(hook.user ?? service.user), privileged: hook.privileged || undefined }),
    volumeMounts: orNothing(mounts),
  };
}

const environment = (values: NullableStringMap = {}): Fields[] =>
  Object.keys(values)
    .sort()
    .flatMap((name) => (values[name] === null || values[name] === undefined ? [] : [{ name, value: values[name] }]));

function resources({ deploy, gpus, cpus, mem_limit, mem_reservation }: Service): Fields {
  const { limits = {}, reservations = {} } = deploy?.resources ?? {};
  const devices = [...(gpus ?? []), ...(reservations.devices ?? [])].filter((device) =>
    (device.capabilities ?? ['gpu']).includes('gpu'),
  );
  const gpuCount = devices.reduce(
    (sum, { count, device_ids }) => sum + (device_ids?.length ?? Math.max(count ?? 1, 1)),
    0,
  );
  return {
    limits: orNothing({
      cpu: milliCpus(limits.cpus ?? (cpus || undefined)),
      memory: limits.memory ?? mem_limit,
      'nvidia.com/gpu': gpuCount || undefined,
    }),
    requests: orNothing({ cpu: milliCpus(reservations.cpus), memory: reservations.memory ?? mem_reservation }),
  };
}

const milliCpus = (cpus: string | number | undefined): string | undefined =>
  cpus === undefined ? undefined : `${Math.round(Number(cpus) * 1000)}m`;

/** An unhealthy container is not restarted, but nobody is sent there: that is what readiness means. */
function probe(check: Healthcheck | undefined): Fields | undefined {
  const [kind, ...words] = check?.test ?? [];
  if (check === undefined || check.disable === true || kind === undefined || kind === 'NONE') return undefined;
  return {
    exec: { command: kind === 'CMD-SHELL' ? ['/bin/sh', '-c', words.join(' ')] : words },
    initialDelaySeconds: seconds(check.start_period),
    periodSeconds: seconds(check.interval),
    timeoutSeconds: seconds(check.timeout),
    failureThreshold: check.retries,
  };
}

/** Whole seconds, at least one where there is any: Kubernetes counts no less. */
function seconds(duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  return Math.ceil(durationMs(duration, 0) / 1000);
}

/** Kubernetes takes one command; several run one after the other, as in Compose. */
function handler(hooks: readonly Hook[] = []): Fields | undefined {
  const [first, ...others] = hooks;
  if (first === undefined) return undefined;
  if (others.length === 0) return { exec: { command: first.command } };
  const script = hooks.map(({ command }) => command.map(shellWord).join(' ')).join(' && ');
  return { exec: { command: ['/bin/sh', '-c', script] } };
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

function containerSecurity(service: Service): Fields {
  const { cap_add, cap_drop, privileged, read_only, security_opt = [], user } = service;
  return {
    ...runAs(user),
    privileged: privileged || undefined,
    readOnlyRootFilesystem: read_only || undefined,
    allowPrivilegeEscalation: security_opt.some((option) => /^no-new-privileges(?::true|=true)?$/.test(option))
      ? false
      : undefined,
    capabilities: orNothing({ add: cap_add?.map(capability), drop: cap_drop?.map(capability) }),
  };
}

const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

function runAs(user: string | undefined): Fields {
  const [uid = '', gid = ''] = (user ?? '').split(':');
  const number = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);
  return { runAsUser: number(uid), runAsGroup: number(gid) };
}

const podSecurity = ({ group_add = [], sysctls = {} }: Service): Fields => ({
  supplementalGroups: orNothing(group_add.filter((group) => /^\d+$/.test(group)).map(Number)),
  sysctls: orNothing(Object.entries(sysctls).map(([name, value]) => ({ name, value: String(value) }))),
});

const dnsConfig = ({ dns, dns_search, dns_opt = [] }: Service): Fields => ({
  nameservers: dns,
  searches: dns_search,
  options: orNothing(
    dns_opt.map((option): Tree => {
      const [name = '', value] = option.split(':');
      return { name, ...(value === undefined ? {} : { value }) };
    }),
  ),
});

/** `host=address` lines → addresses with their names. */
function hostAliases(entries: readonly string[]): Fields[] {
  const names = new Map<string, string[]>();
  for (const entry of entries) {
    const [, host = '', address = ''] = /^([^=]+)=(.*)$/.exec(entry) ?? [];
    if (address === '' || address === 'host-gateway') continue;
    names.set(address, [...(names.get(address) ?? []), host]);
  }
  return [...names].map(([ip, hostnames]) => ({ ip, hostnames }));
}
