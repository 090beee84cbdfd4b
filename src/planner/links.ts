// `links` and `external_links` as the engine wants them: `container:alias`. Kept for old files; on user-defined networks
// services find each other by name anyway.
import type { Service } from '../model.ts';
import { containerName } from '../names.ts';
import type { ContainerRef } from './plan.ts';
import type { ServiceContext } from './service-context.ts';

/** The containers of the services that `links` names, as far as this plan makes or keeps them. */
export const linkedContainers = ({ results }: Pick<ServiceContext, 'results'>, service: Service): ContainerRef[] =>
  (service.links ?? []).flatMap((raw) => [...(results.get(raw.split(':')[0] ?? '')?.containers ?? [])]);

type LinkContext = Pick<ServiceContext, 'project' | 'results' | 'sorted' | 'options'>;

/** `number` is the linking container's own: docker compose uses it in the aliases. */
export function linksOf(context: LinkContext, service: Service, number: number): readonly string[] {
  const { project, results, sorted, options } = context;
  const links: string[] = [];
  for (const raw of service.links ?? []) {
    const [target = raw, alias = target] = raw.split(':');
    const containers = results.get(target)?.containers ?? sorted.replicas.get(target) ?? [];
    for (const { name } of containers)
      links.push(
        `${name}:${alias}`,
        `${name}:${target}${options.separator}${number}`,
        `${name}:${containerName(project.name, target, number, options.separator)}`,
      );
  }
  for (const raw of service.external_links ?? []) {
    const [target = raw, alias = target] = raw.split(':');
    links.push(`${target}:${alias}`);
  }
  return links;
}
