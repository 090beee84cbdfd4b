// Networks: those of the project are created, or replaced when their definition changed; external ones must be there.
import { networkHash } from '../config-hash.ts';
import type { ObservedNetwork } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import type { Network, Project } from '../model.ts';
import { LABEL } from '../names.ts';
import type { Observation } from './observation.ts';
import type { StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { sortedNames } from './services.ts';

export interface ResourceSteps {
  /** Step after which the resource is there, by key; missing where it is there already. */
  readonly created: ReadonlyMap<string, StepId>;
  /** Step that removes the old one, by key: users must have let go before. */
  readonly removed: ReadonlyMap<string, StepId>;
}

export function reconcileNetworks(plan: PlanBuilder, project: Project, observation: Observation): ResourceSteps {
  const created = new Map<string, StepId>();
  const removed = new Map<string, StepId>();
  for (const key of sortedNames(project.networks)) {
    const network = project.networks[key];
    if (network === undefined) continue;
    const existing = observation.networks[network.name];
    const resource = `network ${network.name}`;
    if (network.external === true) {
      if (existing === undefined) throw missingExternal(network);
      plan.verdict({ resource, decision: 'foreign', reason: 'external', differences: [] });
      continue;
    }
    if (existing === undefined) {
      plan.verdict({ resource, decision: 'create', reason: 'missing', differences: [] });
      created.set(key, addCreate(plan, key, network, 'missing'));
      continue;
    }
    const isOurs = checkOwner(plan, project, key, network, existing);
    const [twin] = removeTwins(plan, observation, existing);
    if (twin !== undefined) created.set(key, twin);
    const hash = existing.labels[LABEL.configHash];
    if (!isOurs || hash === undefined || hash === networkHash(network)) {
      plan.verdict({ resource, decision: isOurs ? 'keep' : 'foreign', reason: 'exists', differences: [] });
      continue;
    }
    plan.verdict({ resource, decision: 'recreate', reason: 'definition changed', differences: ['config'] });
    const removal = addRemoveNetwork(plan, existing, 'definition changed', twin === undefined ? [] : [twin]);
    removed.set(key, removal);
    created.set(key, addCreate(plan, key, network, 'definition changed', [removal]));
  }
  return { created, removed };
}

/** Networks of the same name, made by two requests at once: no container can be started while there are two. */
function removeTwins(plan: PlanBuilder, { observed }: Observation, kept: ObservedNetwork): StepId[] {
  return observed.networks
    .filter(({ name, id }) => name === kept.name && id !== kept.id)
    .map((twin) => {
      const resource = `network ${twin.name} (${twin.id.slice(0, 12)})`;
      const cause = 'made twice by an interrupted command';
      plan.verdict({ resource, decision: 'remove', reason: cause, differences: ['leftover'] });
      return plan.add({
        action: 'remove-network',
        id: `remove ${resource}`,
        resource,
        cause,
        name: twin.name,
        networkId: twin.id,
      });
    });
}

function addCreate(plan: PlanBuilder, key: string, network: Network, cause: string, dependsOn: StepId[] = []): StepId {
  return plan.add({
    action: 'create-network',
    id: `create network ${network.name}`,
    resource: `network ${network.name}`,
    cause,
    dependsOn,
    network: key,
    progress: { id: `Network ${network.name}`, working: STATUS.creating, done: STATUS.created },
  });
}

export function addRemoveNetwork(
  plan: PlanBuilder,
  network: ObservedNetwork,
  cause: string,
  after: readonly StepId[] = [],
  bestEffort = false,
): StepId {
  return plan.add({
    action: 'remove-network',
    id: `remove network ${network.name}`,
    resource: `network ${network.name}`,
    cause,
    after,
    name: network.name,
    networkId: network.id,
    ...(bestEffort ? { bestEffort: 'in-use' } : {}),
    progress: { id: `Network ${network.name}`, working: STATUS.removing, done: STATUS.removed },
  });
}

/**
 * Whether the network of that name is this project's. One of another project, or of nobody, is used as it is with a
 * warning; one that stands for another key of a compose project is refused, as docker compose does.
 */
function checkOwner(
  plan: PlanBuilder,
  project: Project,
  key: string,
  network: Network,
  existing: ObservedNetwork,
): boolean {
  const owner = existing.labels[LABEL.project];
  const label = existing.labels[LABEL.network];
  const hint = `set "external: true" on networks.${key} to use an existing network`;
  if (owner !== project.name)
    plan.warn(
      owner === undefined
        ? `a network with name ${network.name} exists but was not created by compose; ${hint}`
        : `a network with name ${network.name} exists but was not created for project "${project.name}"; ${hint}`,
    );
  if (label !== key)
    throw new WindlassError(
      'PLAN_FOREIGN_NETWORK',
      `network ${network.name} was found but has incorrect label ${LABEL.network} set to "${label ?? ''}" (expected: "${key}")`,
      { hint: `${hint}, or give networks.${key} another name` },
    );
  return owner === project.name;
}

const missingExternal = (network: Network): WindlassError =>
  new WindlassError('PLAN_NO_NETWORK', `network ${network.name} declared as external, but could not be found`, {
    hint: `create it with "docker network create ${network.name}", or leave out "external"`,
  });
