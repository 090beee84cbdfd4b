// The builds as `docker buildx bake` would take them, for `build --print`.
import type { Project, Service } from '../../model.ts';
import { type BuildSettings, buildRequest } from '../../planner/build-request.ts';

type Json = Readonly<Record<string, unknown>>;

/** One target per service, with docker compose's keys in its order. */
export function bakeFile(project: Project, services: readonly Service[], settings: BuildSettings): Json {
  const targets = services.map((service) => [service.name, target(project, service, settings)] as const);
  return {
    group: { default: { targets: services.map((service) => service.name) } },
    target: Object.fromEntries(targets),
  };
}

function target(project: Project, service: Service, settings: BuildSettings): Json {
  const request = buildRequest(project, service, settings);
  const { build } = service;
  const context = build?.context ?? '.';
  const inline = build?.dockerfile_inline;
  return withoutEmpty({
    context,
    contexts: mapValues(build?.additional_contexts ?? {}, (value) => value.replace(/^service:/, 'target:')),
    dockerfile: inline === undefined ? absoluteIn(context, build?.dockerfile ?? 'Dockerfile') : undefined,
    'dockerfile-inline': inline,
    args: request.args,
    labels: sorted(request.labels),
    tags: [...request.tags.slice(1), ...request.tags.slice(0, 1)],
    'cache-from': build?.cache_from,
    'cache-to': build?.cache_to,
    target: build?.target,
    secret: request.secrets.map(({ id, file, environment }) =>
      file !== undefined ? `id=${id},type=file,src=${file}` : `id=${id},type=env,env=${environment ?? ''}`,
    ),
    ssh: (request.ssh ?? []).map((key) => (key.includes('=') ? key : `${key}=`)),
    platforms: build?.platforms,
    pull: request.pull || undefined,
    'no-cache': request.noCache || undefined,
    network: build?.network,
    'no-cache-filter': build?.no_cache_filter,
    'shm-size': build?.shm_size,
    ulimits: Object.entries(build?.ulimits ?? {}).map(([name, limit]) =>
      typeof limit === 'number' ? `${name}=${limit}` : `${name}=${limit.soft}:${limit.hard}`,
    ),
    entitlements: build?.entitlements,
    'extra-hosts': Object.fromEntries((build?.extra_hosts ?? []).map(hostAndAddress)),
    attest: attestations(request.provenance, request.sbom),
    output: [request.push ? 'type=registry' : 'type=docker'],
  });
}

const absoluteIn = (folder: string, file: string): string => (file.startsWith('/') ? file : `${folder}/${file}`);

const hostAndAddress = (entry: string): [string, string] => {
  const sign = entry.indexOf('=');
  return [entry.slice(0, sign), entry.slice(sign + 1)];
};

const attestations = (provenance: string | undefined, sbom: string | undefined): string[] => [
  ...(provenance === undefined ? [] : [`type=provenance${provenance === 'true' ? '' : `,${provenance}`}`]),
  ...(sbom === undefined ? [] : [`type=sbom${sbom === 'true' ? '' : `,${sbom}`}`]),
];

const mapValues = (map: Readonly<Record<string, string>>, change: (value: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));

const sorted = (map: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** As docker compose leaves out what says nothing. */
const withoutEmpty = (map: Json): Json =>
  Object.fromEntries(
    Object.entries(map).filter(
      ([, value]) =>
        value !== undefined &&
        value !== null &&
        !(Array.isArray(value) && value.length === 0) &&
        !(typeof value === 'object' && Object.keys(value).length === 0),
    ),
  );
