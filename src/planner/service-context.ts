// What reconciling one service starts from, and what it comes to.
import type { ObservedContainer } from '../engine/engine.ts';
import type { Project } from '../model.ts';
import type { Observation } from './observation.ts';
import type { UpOptions } from './options.ts';
import type { ContainerRef, StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { ImageSteps } from './reconcile-images.ts';
import type { ResourceSteps } from './reconcile-networks.ts';
import type { ReplacementOrder } from './replacement.ts';
import type { Sorted } from './replicas.ts';

/** What is known and planned before services are looked at, and what the services before this one came to. */
export interface ServiceContext {
  readonly plan: PlanBuilder;
  readonly project: Project;
  readonly observation: Observation;
  readonly options: UpOptions;
  readonly sorted: Sorted;
  readonly images: ImageSteps;
  readonly networks: ResourceSteps;
  readonly volumes: ResourceSteps;
  /** Steps that run providers, by service. */
  readonly providers: ReadonlyMap<string, StepId>;
  readonly orphansGone: readonly StepId[];
  /** Removals of replacements that never took over, by service. */
  readonly leftoversGone: ReadonlyMap<string, readonly StepId[]>;
  readonly results: Map<string, ServiceResult>;
}

/** A container to be started, once the steps named are done. */
export interface Pending {
  readonly ref: ContainerRef;
  readonly dependsOn: readonly StepId[];
  readonly cause: string;
}

export interface ServiceResult {
  /** The containers that will be there, in order of their numbers. */
  readonly containers: readonly ContainerRef[];
  /** Those that stay as they are. */
  readonly kept: readonly ObservedContainer[];
  readonly pending: readonly Pending[];
  /** Frozen ones to be woken. */
  readonly paused: readonly ObservedContainer[];
  /** Stops of containers that are replaced or restarted: dependents stop before. */
  readonly stops: readonly StepId[];
  /** Removals of surplus containers: their ports are free afterwards. */
  readonly removals: readonly StepId[];
  /** How early the containers that this plan makes need others to be gone; undefined when it makes none. */
  readonly order: ReplacementOrder | undefined;
  /** `replaced` or `restarted`; dependents with `restart: true` follow. */
  readonly disturbance: 'replaced' | 'restarted' | undefined;
}
