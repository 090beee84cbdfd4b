// Refuses, before anything changes, what a plan asks of an engine that cannot do it.
import { type Diagnostic, SpecError } from '../diagnostics.ts';
import type { Capabilities } from '../engine/engine.ts';
import { betterBuilder, builderFor, buildRequirements, requirements } from '../engine/requirements.ts';
import type { Project, Service } from '../model.ts';
import type { Plan } from '../planner/plan.ts';

/** Plans that make containers from services. */
const CREATING = new Set(['up', 'create', 'run']);

/**
 * Warnings for what the engine would ignore; containers that stay as they are need nothing.
 * @throws SpecError with everything that the engine lacks.
 */
export function engineLimits(plan: Plan, project: Project, capabilities: Capabilities): readonly string[] {
  const found = [...creationLimits(plan, project, capabilities), ...buildLimits(plan, project, capabilities)];
  const errors = found.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new SpecError(errors);
  return found.map(({ message }) => message);
}

function creationLimits(plan: Plan, project: Project, capabilities: Capabilities): readonly Diagnostic[] {
  if (!CREATING.has(plan.operation) || plan.steps.length === 0) return [];
  const services = Object.entries(project.services).filter(([name]) => changes(plan, name));
  return requirements({ networks: project.networks, services: Object.fromEntries(services) }, capabilities);
}

/** Something of the service is made anew, or is yet to be planned. */
function changes(plan: Plan, service: string): boolean {
  const verdicts = plan.verdicts.filter((verdict) => verdict.service === service);
  return verdicts.length === 0
    ? plan.continues
    : verdicts.some(({ decision }) => decision !== 'keep' && decision !== 'remove');
}

function buildLimits(plan: Plan, project: Project, { builder }: Capabilities): readonly Diagnostic[] {
  const built = plan.steps.flatMap((step) =>
    step.action === 'build-image' && step.fallbackFor === undefined ? [step.service] : [],
  );
  const { needs, hint } = betterBuilder(builder);
  return built
    .map((name) => project.services[name])
    .filter((service): service is Service => service?.build !== undefined)
    .flatMap(({ name, build = {} }) =>
      buildRequirements(build, builderFor(build, builder)).map((attribute) => ({
        severity: 'error' as const,
        code: 'ENGINE_LACKS',
        message: `service "${name}": build.${attribute} needs ${needs}`,
        hint: `${hint}, or remove build.${attribute}`,
      })),
    );
}
