// What the steps of one execution have found out so far: ids, images, variables. Steps look things up here; nothing is decided.
import type { ObservedImage } from '../engine/engine.ts';
import type { ProgressEvent } from '../events.ts';
import type { Service } from '../model.ts';
import { ContainerWatch } from './container-watch.ts';
import { effectiveService } from './desired.ts';
import type { ExecutionContext } from './execution.ts';
import type { ContainerRef, StepId } from './plan.ts';

export class ExecutionState {
  readonly context: ExecutionContext;
  /** Ids of created containers, by step. */
  readonly containers = new Map<StepId, string>();
  readonly watch: ContainerWatch;
  readonly #images = new Map<string, Promise<ObservedImage | undefined>>();
  readonly #variables: Record<string, Readonly<Record<string, string>>>;

  constructor(context: ExecutionContext) {
    this.context = context;
    this.watch = new ContainerWatch(context.engine, context.project.name);
    this.#variables = { ...context.providerVariables };
  }

  emit(event: ProgressEvent): void {
    this.context.onEvent(event);
  }

  idOf(ref: ContainerRef): string {
    const id = 'id' in ref ? ref.id : this.containers.get(ref.createdBy);
    if (id === undefined) throw new Error(`container "${ref.name}" is used before it is created`);
    return id;
  }

  /** The service as its containers are made from it. */
  service(name: string): Service {
    const service = this.context.project.services[name];
    if (service === undefined) throw new Error(`the plan names service "${name}", which the project does not have`);
    return effectiveService(this.context.project, service, this.#variables);
  }

  /** Looked up once: images are pulled and built before anything is made from them. */
  image(reference: string): Promise<ObservedImage | undefined> {
    const known = this.#images.get(reference) ?? this.context.engine.findImage(reference, this.context.signal);
    this.#images.set(reference, known);
    return known;
  }

  provide(service: string, variables: Readonly<Record<string, string>>): void {
    this.#variables[service] = variables;
  }

  get providerVariables(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    return { ...this.#variables };
  }
}
