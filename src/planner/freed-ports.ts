// Host ports change hands within one plan: who takes one over starts after its holder has stopped.
import type { ObservedContainer } from '../engine/engine.ts';
import type { Service } from '../model.ts';
import type { StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** For a service, the steps of this plan that free host ports it publishes. */
export function freedPorts(
  plan: PlanBuilder,
  containers: readonly ObservedContainer[],
): (service: Service) => readonly StepId[] {
  const holders = containers.flatMap(({ name, ports }) => {
    const step = [`stop container ${name}`, `remove container ${name}`].find((id) => plan.has(id));
    return step === undefined
      ? []
      : ports.filter(({ hostPort }) => hostPort > 0).map(({ hostPort }) => ({ hostPort, step }));
  });
  if (holders.length === 0) return () => [];
  return (service) => {
    const ranges = publishedRanges(service);
    return holders
      .filter(({ hostPort }) => ranges.some(([low, high]) => low <= hostPort && hostPort <= high))
      .map(({ step }) => step);
  };
}

/** Host ports a service asks for, as ranges; those left to the engine are not there. */
export function publishedRanges(service: Service): readonly (readonly [number, number])[] {
  return (service.ports ?? []).flatMap(({ published }): [number, number][] => {
    const [low, high = low] = (published ?? '').split('-').map(Number);
    return low === undefined || !(low > 0) || high === undefined ? [] : [[low, high]];
  });
}
