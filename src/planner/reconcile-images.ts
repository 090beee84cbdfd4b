// Which images have to be pulled or built before containers are made from them.

import type { ObservedImage } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import type { Project, Service } from '../model.ts';
import { LABEL } from '../names.ts';
import { buildsBefore } from './build-order.ts';
import type { Observation } from './observation.ts';
import type { UpOptions } from './options.ts';
import type { StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { preStartImages } from './pre-start.ts';
import { matchesPlatform, mustPull } from './pull-policy.ts';
import { imageOf, inDependencyOrder } from './services.ts';

/** Steps that bring images, by reference: who uses the image waits for all of them. */
export type ImageSteps = ReadonlyMap<string, readonly StepId[]>;

export function reconcileImages(
  plan: PlanBuilder,
  project: Project,
  observation: Observation,
  options: UpOptions,
): ImageSteps {
  const steps = new Map<string, readonly StepId[]>();
  if (options.imagesReady) return steps;
  for (const service of inDependencyOrder(project)) {
    if (service.provider !== undefined) continue;
    const image = imageOf(project, service, options.separator);
    const found = observation.images[image];
    const local = found !== undefined && matchesPlatform(found, service.platform) ? found : undefined;
    const needed = steps.get(image) ?? [];
    const pull = mustPull(service, local, options.now) ? addPull(plan, project, service, image, options) : undefined;
    const strays = local !== undefined && !isBuiltAsLocked(service, local);
    if (strays && options.build === 'never') throw notAsLocked(service, image);
    const build =
      strays || mustBuild(service, local !== undefined, options)
        ? addBuild(plan, project, service, image, {
            options,
            ...(pull === undefined ? {} : { pull }),
            ...(strays ? { cause: 'built from other images than those that are locked' } : {}),
          })
        : undefined;
    const added = [...(pull === undefined ? [] : [pull]), ...(build === undefined ? [] : [build])];
    if (added.length > 0) steps.set(image, [...new Set([...needed, ...added])]);
    else if (local === undefined && needed.length === 0) throw unobtainable(service, image);
    for (const mount of service.volumes ?? [])
      if (mount.type === 'image' && mount.source !== undefined && observation.images[mount.source] === undefined)
        steps.set(mount.source, [addPull(plan, project, service, mount.source, options)]);
    for (const other of preStartImages(service))
      if (observation.images[other] === undefined && !steps.has(other))
        steps.set(other, [addPull(plan, project, service, other, options)]);
  }
  for (const [image, ids] of steps)
    plan.verdict({
      resource: `image ${image}`,
      decision: observation.images[image] === undefined ? 'create' : 'update',
      reason: ids.some((id) => id.startsWith('build ')) ? 'to be built' : 'to be pulled',
      differences: [],
    });
  return steps;
}

const mustBuild = (service: Service, isLocal: boolean, options: UpOptions): boolean =>
  service.build !== undefined && options.build !== 'never' && (!isLocal || service.pull_policy === 'build');

/** False for a service that is held to a lock, and an image that was built before that, or from what was locked then. */
const isBuiltAsLocked = ({ build }: Service, { labels }: ObservedImage): boolean =>
  build?.labels?.[LABEL.lockedBases] === undefined || build.labels[LABEL.lockedBases] === labels[LABEL.lockedBases];

function addPull(plan: PlanBuilder, project: Project, service: Service, image: string, options: UpOptions): StepId {
  const services = Object.values(project.services)
    .filter((other) => imageOf(project, other, options.separator) === image)
    .map(({ name }) => name)
    .sort();
  const buildable = service.build !== undefined && options.build !== 'never';
  return plan.add({
    action: 'pull-image',
    id: `pull image ${image}`,
    resource: `image ${image}`,
    cause: service.pull_policy === undefined ? 'missing' : `pull policy ${service.pull_policy}`,
    group: service.name,
    image,
    services: services.length === 0 ? [service.name] : services,
    ...(service.platform === undefined ? {} : { platform: service.platform }),
    quiet: options.quietPull,
    ...(buildable ? { bestEffort: 'anything' } : {}),
  });
}

function addBuild(
  plan: PlanBuilder,
  project: Project,
  service: Service,
  image: string,
  { options, pull, cause }: { readonly options: UpOptions; readonly pull?: StepId; readonly cause?: string },
): StepId {
  return plan.add({
    action: 'build-image',
    id: `build image ${image}`,
    resource: `image ${image}`,
    cause: cause ?? (options.build === 'always' ? 'asked for' : 'missing'),
    group: service.name,
    dependsOn: buildsBefore(project, service).flatMap((name) => {
      const other = project.services[name];
      const id = other === undefined ? '' : `build image ${imageOf(project, other, options.separator)}`;
      // Two services may build one image.
      return plan.has(id) && id !== `build image ${image}` ? [id] : [];
    }),
    after: pull === undefined ? [] : [pull],
    service: service.name,
    ...(pull === undefined ? {} : { fallbackFor: pull }),
    progress: { id: service.name, working: STATUS.building, done: STATUS.built },
  });
}

const unobtainable = (service: Service, image: string): WindlassError =>
  new WindlassError('PLAN_NO_IMAGE', `service "${service.name}": there is no image "${image}"`, {
    hint:
      service.build === undefined
        ? `pull it ("windlass pull ${service.name}"), or change its pull policy "${service.pull_policy}"`
        : `build it ("windlass build ${service.name}"), or leave out --no-build`,
  });

const notAsLocked = (service: Service, image: string): WindlassError =>
  new WindlassError(
    'PLAN_NOT_AS_LOCKED',
    `service "${service.name}": image "${image}" was built from other images than those that are locked`,
    {
      hint: `build it again ("windlass up --locked --build"), or leave out --no-build`,
    },
  );
