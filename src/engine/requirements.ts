// What a project asks for that the engine lacks, said while planning. Pure: a project and the engine's capabilities → diagnostics.
import type { Diagnostic } from '../diagnostics.ts';
import type { Build, Network, Project, Service } from '../model.ts';
import type { Capabilities } from './engine.ts';

/** An ability that came with a version of the Docker Engine API. */
export interface Since {
  readonly api: string;
  /** The Docker Engine that brought it, as people know it. */
  readonly engine: string;
}

/** From the engine's API history. */
export const SINCE = {
  annotations: { api: '1.43', engine: '24' },
  multiNetworkCreate: { api: '1.44', engine: '25' },
  startInterval: { api: '1.44', engine: '25' },
  endpointMac: { api: '1.44', engine: '25' },
  readOnlyRecursion: { api: '1.44', engine: '25' },
  volumeSubpath: { api: '1.45', engine: '26' },
  networkWithoutIpv4: { api: '1.47', engine: '27.5' },
  imageMounts: { api: '1.48', engine: '28' },
  gatewayPriority: { api: '1.48', engine: '28' },
  interfaceName: { api: '1.49', engine: '28.1' },
} as const satisfies Readonly<Record<string, Since>>;

/** Is API version `version` at least `wanted`? Both as `1.41`. */
export function apiAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major === wantedMajor ? minor >= wantedMinor : major > wantedMajor;
}

/** One thing asked for: where, and what it needs. */
interface Need {
  readonly attribute: string;
  readonly since: Since;
  /** `warning` where the engine would ignore it and the stack still works. */
  readonly severity: Diagnostic['severity'];
}

/** Errors for what cannot be done, warnings for what would be ignored; in the order of the project. */
export function requirements(
  project: Pick<Project, 'services' | 'networks'>,
  capabilities: Capabilities,
): readonly Diagnostic[] {
  const networks = Object.entries(project.networks).flatMap(([key, network]) =>
    lacking(`network "${key}"`, networkNeeds(network), capabilities),
  );
  const services = Object.values(project.services).flatMap((service) => {
    const subject = `service "${service.name}"`;
    return [
      ...lacking(subject, serviceNeeds(service), capabilities),
      ...contradictions(service, subject, capabilities),
    ];
  });
  return [...networks, ...services];
}

function lacking(subject: string, needs: readonly Need[], { apiVersion }: Capabilities): Diagnostic[] {
  return needs
    .filter(({ since }) => !apiAtLeast(apiVersion, since.api))
    .map(({ attribute, since, severity }) => ({
      severity,
      code: 'ENGINE_LACKS',
      message: `${subject}: ${attribute} needs engine API ${since.api} (Docker Engine ${since.engine}); this engine speaks ${apiVersion}${severity === 'warning' ? ' and ignores it' : ''}`,
      hint: `upgrade the engine to Docker Engine ${since.engine} or later, or remove ${attribute}`,
    }));
}

function networkNeeds(network: Network): Need[] {
  if (network.external === true || network.enable_ipv4 !== false) return [];
  return [{ attribute: 'enable_ipv4: false', since: SINCE.networkWithoutIpv4, severity: 'error' }];
}

function serviceNeeds(service: Service): Need[] {
  const error = (attribute: string, since: Since): Need => ({ attribute, since, severity: 'error' });
  const needs: Need[] = [];
  if (service.healthcheck?.start_interval !== undefined && service.healthcheck.disable !== true)
    needs.push(error('healthcheck.start_interval', SINCE.startInterval));
  if (Object.keys(service.annotations ?? {}).length > 0)
    needs.push({ attribute: 'annotations', since: SINCE.annotations, severity: 'warning' });
  for (const mount of service.volumes ?? []) {
    const at = `volumes (target "${mount.target ?? ''}")`;
    if (mount.type === 'image') needs.push(error(`${at}: type "image"`, SINCE.imageMounts));
    if ((mount.volume?.subpath ?? '') !== '') needs.push(error(`${at}: volume.subpath`, SINCE.volumeSubpath));
    if (mount.bind?.recursive === 'writable' || mount.bind?.recursive === 'readonly')
      needs.push(error(`${at}: bind.recursive: ${mount.bind.recursive}`, SINCE.readOnlyRecursion));
  }
  for (const [key, attachment] of Object.entries(service.networks ?? {})) {
    if (attachment?.interface_name !== undefined)
      needs.push(error(`networks.${key}.interface_name`, SINCE.interfaceName));
    if (attachment?.gw_priority !== undefined)
      needs.push({ attribute: `networks.${key}.gw_priority`, since: SINCE.gatewayPriority, severity: 'warning' });
  }
  const macs = Object.entries(service.networks ?? {}).filter(
    ([, attachment]) => (attachment?.mac_address ?? '') !== '',
  );
  // An engine without addresses per attachment takes one, for the primary network.
  const primary = primaryNetwork(service);
  if (macs.length > 1 || macs.some(([key]) => key !== primary))
    needs.push(error(macs.map(([key]) => `networks.${key}.mac_address`).join(' with '), SINCE.endpointMac));
  return needs;
}

/** What no engine can do. */
function contradictions(service: Service, subject: string, { kind }: Capabilities): Diagnostic[] {
  const found: Diagnostic[] = [];
  const refuse = (severity: Diagnostic['severity'], message: string, hint: string): void => {
    found.push({ severity, code: 'ENGINE_REFUSES', message: `${subject}: ${message}`, hint });
  };
  const check = service.healthcheck;
  if (check?.start_interval !== undefined && check.start_period === undefined && check.disable !== true)
    refuse(
      'error',
      'healthcheck.start_interval requires healthcheck.start_period to be set',
      'set healthcheck.start_period',
    );
  const primary = primaryNetwork(service);
  const mac = primary === undefined ? undefined : service.networks?.[primary]?.mac_address;
  if (mac !== undefined && service.mac_address !== undefined && service.mac_address !== mac)
    refuse('error', `mac_address differs from networks.${primary}.mac_address`, 'write it in one of the two places');
  if (kind === 'podman' && ((service.links?.length ?? 0) > 0 || (service.external_links?.length ?? 0) > 0))
    refuse('warning', 'Podman has no links', 'use the service name or networks.<name>.aliases');
  return found;
}

/** The network with the highest priority; the first by name among equals. */
export function primaryNetwork(service: Service): string | undefined {
  const keys = Object.keys(service.networks ?? {});
  const priority = (key: string): number => service.networks?.[key]?.priority ?? 0;
  return keys.sort((a, b) => priority(b) - priority(a) || (a < b ? -1 : 1))[0];
}

/** Build attributes that only BuildKit knows, each with how to tell that it is used. */
const BUILDKIT_ONLY: readonly { readonly attribute: string; readonly uses: (build: Build) => boolean }[] = [
  { attribute: 'secrets', uses: ({ secrets }) => (secrets?.length ?? 0) > 0 },
  { attribute: 'ssh', uses: ({ ssh }) => (ssh?.length ?? 0) > 0 },
  {
    attribute: 'additional_contexts',
    uses: ({ additional_contexts }) => Object.keys(additional_contexts ?? {}).length > 0,
  },
  { attribute: 'cache_to', uses: ({ cache_to }) => (cache_to?.length ?? 0) > 0 },
  { attribute: 'entitlements', uses: ({ entitlements }) => (entitlements?.length ?? 0) > 0 },
  { attribute: 'privileged', uses: ({ privileged }) => privileged === true },
  { attribute: 'no_cache_filter', uses: ({ no_cache_filter }) => (no_cache_filter?.length ?? 0) > 0 },
  { attribute: 'provenance', uses: ({ provenance }) => provenance !== undefined && provenance !== 'false' },
  { attribute: 'sbom', uses: ({ sbom }) => sbom !== undefined && sbom !== 'false' },
  { attribute: 'platforms', uses: ({ platforms }) => (platforms?.length ?? 0) > 1 },
];

/** Build attributes that a session with BuildKit through the engine's API does not carry, but `docker buildx` does. */
const BUILDX_ONLY = new Set([
  'additional_contexts',
  'cache_to',
  'entitlements',
  'privileged',
  'no_cache_filter',
  'provenance',
  'sbom',
  'platforms',
]);

/** Build attributes that the native engine's builder does not know, though BuildKit does. */
const NOT_NATIVE = new Set(['entitlements', 'privileged', 'provenance', 'sbom']);

/** Caches that the native engine writes for windlass: to registries; an image's own history stands for `inline`. */
const travels = (cache: string): boolean =>
  !cache.includes('=') || /(?:^|,)type=(?:registry|inline)(?:,|$)/.test(cache);

/** What BuildKit does not take from the engine's API (Docker Engine 20.10 ignores it), but the classic builder does. */
const usesClassic = ({ shm_size, ulimits, isolation, network }: Build): boolean =>
  shm_size !== undefined ||
  Object.keys(ulimits ?? {}).length > 0 ||
  !['', 'default'].includes(isolation ?? '') ||
  !['', 'default', 'none', 'host'].includes(network ?? '');

/** The builder that a build gets from an engine whose best is `builder`. */
export function builderFor(build: Build, builder: Capabilities['builder']): Capabilities['builder'] {
  return builder === 'buildkit' && usesClassic(build) ? 'classic' : builder;
}

/** Attributes of a build that the builder cannot honour; empty when it can be built. */
export function buildRequirements(build: Build, builder: Capabilities['builder']): readonly string[] {
  const used = BUILDKIT_ONLY.filter(({ uses }) => uses(build)).map(({ attribute }) => attribute);
  switch (builder) {
    case 'buildx':
      return [];
    case 'buildkit':
      return used.filter((attribute) => BUILDX_ONLY.has(attribute));
    case 'native':
      return used.filter(
        (attribute) =>
          NOT_NATIVE.has(attribute) || (attribute === 'cache_to' && !(build.cache_to ?? []).every(travels)),
      );
    default:
      return used;
  }
}

/** What a build that a builder cannot do needs instead, and how to get it. */
export function betterBuilder(builder: Capabilities['builder']): { readonly needs: string; readonly hint: string } {
  switch (builder) {
    case 'buildkit':
      return { needs: 'docker buildx', hint: 'install docker-buildx (the docker CLI plugin)' };
    case 'native':
      return { needs: 'BuildKit, which the native engine does not have', hint: 'use a Docker Engine' };
    default:
      return { needs: 'BuildKit', hint: 'use a Docker Engine and leave DOCKER_BUILDKIT unset' };
  }
}
