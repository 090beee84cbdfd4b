// What is asked of the engine to build a service's image: the file's `build` section, the command's flags, compose's labels.
import type { BuildRequest } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import type { Build, FileReference, Project, Service } from '../model.ts';
import { COMPOSE_VERSION, LABEL, type Separator } from '../names.ts';
import { imageOf } from './services.ts';

/** Flags of `build`. */
export interface BuildSettings {
  readonly args?: Readonly<Record<string, string | null>>;
  readonly noCache?: boolean;
  readonly pull?: boolean;
  readonly push?: boolean;
  readonly quiet?: boolean;
  /** Bytes. */
  readonly memory?: number;
  readonly builder?: string;
  readonly ssh?: readonly string[];
  readonly provenance?: string;
  readonly sbom?: string;
  readonly check?: boolean;
  readonly separator?: Separator;
}

/** The request for one service; it must have a `build` section. */
export function buildRequest(project: Project, service: Service, settings: BuildSettings = {}): BuildRequest {
  const { build } = service;
  if (build === undefined)
    throw new WindlassError('PLAN_NOT_BUILDABLE', `service "${service.name}" has no "build" section`);
  const flags = settings;
  return {
    service: service.name,
    build: withServiceContexts(project, build, flags.separator),
    tags: [imageOf(project, service, flags.separator), ...(build.tags ?? [])],
    labels: {
      ...build.labels,
      [LABEL.project]: project.name,
      [LABEL.service]: service.name,
      [LABEL.version]: COMPOSE_VERSION,
    },
    args: resolveArgs({ ...build.args, ...flags.args }, project.environment),
    platforms: build.platforms ?? (service.platform === undefined ? [] : [service.platform]),
    noCache: flags.noCache ?? build.no_cache ?? false,
    pull: flags.pull ?? build.pull ?? false,
    push: flags.push ?? false,
    quiet: flags.quiet ?? false,
    ...(flags.memory === undefined ? {} : { memory: flags.memory }),
    ...(flags.builder === undefined ? {} : { builder: flags.builder }),
    ...(flags.check === undefined ? {} : { check: flags.check }),
    ...pick('provenance', flags.provenance ?? build.provenance),
    ...pick('sbom', flags.sbom ?? build.sbom),
    ssh: [...(build.ssh ?? []), ...(flags.ssh ?? [])],
    secrets: (build.secrets ?? []).map((use) => buildSecret(project, use)),
  };
}

/** A context `service:base` is the image that was built for that service. */
function withServiceContexts(project: Project, build: Build, separator: Separator | undefined): Build {
  if (build.additional_contexts === undefined) return build;
  const contexts = Object.entries(build.additional_contexts).map(([name, source]) => {
    const key = source.startsWith('service:') ? source.slice('service:'.length) : undefined;
    const service = key === undefined ? undefined : (project.services[key] ?? project.disabledServices[key]);
    return [name, service === undefined ? source : `docker-image://${imageOf(project, service, separator)}`];
  });
  return { ...build, additional_contexts: Object.fromEntries(contexts) };
}

const pick = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };

/** A null argument takes its value from the environment, or is left out. */
function resolveArgs(
  args: NonNullable<Build['args']>,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const resolved: Record<string, string> = {};
  for (const [key, given] of Object.entries(args)) {
    const value = given ?? environment[key];
    if (value !== undefined) resolved[key] = value;
  }
  return resolved;
}

function buildSecret(project: Project, use: FileReference): BuildRequest['secrets'][number] {
  const declared = project.secrets[use.source];
  const id = use.target ?? use.source;
  return {
    id,
    ...(declared?.file === undefined ? {} : { file: declared.file }),
    ...(declared?.environment === undefined ? {} : { environment: declared.environment }),
    ...(declared?.content === undefined ? {} : { content: declared.content }),
  };
}
