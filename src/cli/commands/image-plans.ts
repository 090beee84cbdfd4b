// Plans for `pull` and `build`: one step per image, whatever the containers need. Pure.
import type { Project, Service } from '../../model.ts';
import type { Separator } from '../../names.ts';
import { buildsBefore } from '../../planner/build-order.ts';
import type { Observation } from '../../planner/observation.ts';
import type { Plan } from '../../planner/plan.ts';
import { PlanBuilder } from '../../planner/plan-builder.ts';
import { imageOf } from '../../planner/services.ts';

export interface PullPlanOptions {
  readonly services: readonly Service[];
  readonly policy: string | undefined;
  readonly ignoreBuildable: boolean;
  readonly ignoreFailures: boolean;
  readonly quiet: boolean;
}

/** Every image once; services whose image is not pulled are told with the reason. */
export function planPull(project: Project, observation: Observation, options: PullPlanOptions): Plan {
  const plan = new PlanBuilder(project.name, 'pull');
  const pulledFor = new Map<string, string>();
  for (const service of options.services) {
    const skipped = reasonToSkip(service, observation, options, pulledFor);
    if (skipped !== undefined || service.image === undefined) {
      plan.verdict({
        resource: `service ${service.name}`,
        decision: 'keep',
        reason: skipped ?? 'no image',
        differences: [],
        service: service.name,
        progress: { id: service.name, done: `Skipped${skipped ? ` - ${skipped}` : ''}` },
      });
      continue;
    }
    pulledFor.set(service.image, service.name);
    plan.add({
      action: 'pull-image',
      id: `pull image ${service.image}`,
      resource: `image ${service.image}`,
      cause: 'asked for',
      group: service.name,
      image: service.image,
      services: options.services.filter((other) => other.image === service.image).map((other) => other.name),
      ...(service.platform === undefined ? {} : { platform: service.platform }),
      quiet: options.quiet,
      ...(options.ignoreFailures ? { bestEffort: 'anything' } : {}),
    });
  }
  return plan.build();
}

/** Undefined when the image is to be pulled; docker compose's words otherwise. */
function reasonToSkip(
  service: Service,
  observation: Observation,
  options: PullPlanOptions,
  pulledFor: ReadonlyMap<string, string>,
): string | undefined {
  if (service.image === undefined) return 'No image to be pulled';
  const policy = options.policy ?? service.pull_policy;
  if (policy === 'never' || policy === 'build') return '';
  // A moving tag counts as missing: "latest" is asked for anew each time.
  const isLatest = /(^|\/)[^:/]+(:latest)?$/.test(service.image);
  if ((policy === 'missing' || policy === 'if_not_present') && observation.images[service.image] && !isLatest)
    return 'Image is already present locally';
  if (service.build !== undefined && options.ignoreBuildable) return 'Image can be built';
  const other = pulledFor.get(service.image);
  return other === undefined ? undefined : `Image is already being pulled by ${other}`;
}

/** Builds the images of `services`, after those whose result they build upon. */
export function planBuild(project: Project, services: readonly Service[], separator: Separator): Plan {
  const plan = new PlanBuilder(project.name, 'build');
  const idOf = (service: Service): string => `build image ${imageOf(project, service, separator)}`;
  for (const service of services)
    plan.add({
      action: 'build-image',
      id: idOf(service),
      resource: `image ${imageOf(project, service, separator)}`,
      cause: 'asked for',
      group: service.name,
      dependsOn: services
        .filter((other) => buildsBefore(project, service).includes(other.name))
        .map(idOf)
        .filter((id) => id !== idOf(service)),
      service: service.name,
      progress: { id: service.name, working: 'Building', done: 'Built' },
    });
  return plan.build();
}
