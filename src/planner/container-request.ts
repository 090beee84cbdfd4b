// From a step that creates a container to the engine's request: names become ids, keys become real names, labels are put on.
import { serviceHash } from '../config-hash.ts';
import type { Attachment, CreateContainer, ObservedImage } from '../engine/engine.ts';
import type { Project, Service } from '../model.ts';
import { mountedFiles } from './file-objects.ts';
import { containerLabels } from './labels.ts';
import { resolvePeers } from './peers.ts';
import type { StepOf } from './plan.ts';
import { imageOf } from './services.ts';

export interface Resolved {
  /** The service as it is to be: with the variables of providers. */
  readonly service: Service;
  readonly image: ObservedImage | undefined;
  /** Id of the container meant by each service referred to. */
  readonly peerIds: Readonly<Record<string, string>>;
}

export function containerRequest(project: Project, step: StepOf<'create-container'>, facts: Resolved): CreateContainer {
  const { service, image, peerIds } = facts;
  const { oneOff } = step;
  return {
    name: step.name,
    service: resolvePeers(service, peerIds, 'create'),
    image: imageOf(project, service),
    labels: containerLabels(project, service, {
      configHash: serviceHash(resolvePeers(service, peerIds, 'hash')),
      imageId: image?.id,
      contentHash: step.contentHash,
      number: step.number,
      slug: oneOff?.slug,
      replaces: step.replaces,
    }),
    attachments: attachments(project, step, service),
    volumeNames: Object.fromEntries(Object.entries(project.volumes).map(([key, { name }]) => [key, name])),
    inheritedVolumes: Object.fromEntries(
      step.carriedVolumes
        .filter(({ declaredBy, target }) => declaredBy === 'service' || image?.volumes.includes(target) === true)
        .map(({ target, volume }) => [target, volume]),
    ),
    fileMounts: mountedFiles(project, service),
    links: step.links,
    workingDir: project.workingDir,
    ...(oneOff === undefined
      ? {}
      : {
          oneOff: true,
          autoRemove: oneOff.autoRemove,
          tty: oneOff.tty,
          openStdin: oneOff.openStdin,
          attachStdin: oneOff.attachStdin,
        }),
  };
}

/** Highest priority first, then by key; none where the service brings its own network mode. */
function attachments(project: Project, step: StepOf<'create-container'>, service: Service): readonly Attachment[] {
  if (service.network_mode !== undefined) return [];
  return Object.entries(service.networks ?? {})
    .sort(([a, x], [b, y]) => (y?.priority ?? 0) - (x?.priority ?? 0) || (a < b ? -1 : 1))
    .map(([key, settings]) => ({
      network: project.networks[key]?.name ?? key,
      settings: settings ?? {},
      aliases: aliases(step, service, settings?.aliases ?? []),
      ...(step.links.length === 0 ? {} : { links: step.links }),
    }));
}

/** A replacement is known by the name it is going to have, which is the step's resource. */
function aliases(step: StepOf<'create-container'>, service: Service, own: readonly string[]): readonly string[] {
  const name = service.container_name ?? step.resource.slice('container '.length);
  return step.oneOff?.useAliases === false ? [name] : [name, service.name, ...own];
}
