// What is going to be done, as data: verdicts say what was found and decided, steps say what to do about it.
// A plan carries no secret and no closure: it can be printed, stored and compared. It is carried out together with the
// project it was made from, since steps name services, networks and volumes by their keys.
import type { DependencyCondition } from '../model.ts';

/** Unique in its plan and readable: `start container shop-web-1`. */
export type StepId = string;

/** A container that exists, or one that a step of the same plan creates. */
export type ContainerRef =
  | { readonly name: string; readonly id: string }
  | { readonly name: string; readonly createdBy: StepId };

/** The words shown while a step runs: `Container shop-web-1`, `Creating`, `Created`. A step without words is silent. */
export interface StepProgress {
  readonly id: string;
  readonly working?: string;
  readonly done?: string;
}

interface StepCommon {
  readonly id: StepId;
  /** What it is done to: `container shop-web-1`. */
  readonly resource: string;
  /** Why: a few words. */
  readonly cause: string;
  /** Steps that must be done before; when one of them is not, this step is skipped. */
  readonly dependsOn: readonly StepId[];
  /** Steps that must have ended before, whatever their outcome. */
  readonly after: readonly StepId[];
  /** The service it belongs to, for display. */
  readonly group?: string;
  /**
   * Which failures are mere warnings, after which the plan goes on as if the step were done: any, or only that the
   * resource is still in use.
   */
  readonly bestEffort?: 'anything' | 'in-use';
  readonly progress?: StepProgress;
}

/** A volume carried over from a replaced container. */
export interface CarriedVolume {
  readonly target: string;
  /** The volume's real name. */
  readonly volume: string;
  /** `image`: only when the image of the new container declares `target` as a volume. `service`: the service does. */
  readonly declaredBy: 'service' | 'image';
}

/** What makes a container a one-off, made by `run`. */
export interface OneOff {
  /** 64 hexadecimal digits; the first twelve are part of the default name. */
  readonly slug: string;
  readonly useAliases: boolean;
  readonly autoRemove: boolean;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly attachStdin: boolean;
}

/** What a gate waits for; `running_or_healthy` is what `up --wait` asks of a service that nobody waits to complete. */
export type GateCondition = DependencyCondition | 'running_or_healthy';

interface PullImage extends StepCommon {
  readonly action: 'pull-image';
  readonly image: string;
  /** The services that run it. */
  readonly services: readonly string[];
  readonly platform?: string;
  readonly quiet: boolean;
}
interface BuildImage extends StepCommon {
  readonly action: 'build-image';
  readonly service: string;
  /** Built only when this step failed: an image that can be built is pulled first. */
  readonly fallbackFor?: StepId;
}
interface RemoveImage extends StepCommon {
  readonly action: 'remove-image';
  readonly image: string;
}
interface CreateNetwork extends StepCommon {
  readonly action: 'create-network';
  /** Key in the project. */
  readonly network: string;
}
interface RemoveNetwork extends StepCommon {
  readonly action: 'remove-network';
  readonly name: string;
  readonly networkId: string;
}
interface CreateVolume extends StepCommon {
  readonly action: 'create-volume';
  /** Key in the project. */
  readonly volume: string;
}
interface RemoveVolume extends StepCommon {
  readonly action: 'remove-volume';
  /** Real name. */
  readonly name: string;
}
interface CreateContainer extends StepCommon {
  readonly action: 'create-container';
  readonly service: string;
  /** Undefined for a one-off. */
  readonly number?: number;
  /** The name it is created with; a replacement gets its final one by a later step. */
  readonly name: string;
  /** The name of the container it replaces, below the project's: `web-1`. */
  readonly replaces?: string;
  readonly carriedVolumes: readonly CarriedVolume[];
  /** Containers of the services that this one refers to (`network_mode: service:x`, `volumes_from`), by service. */
  readonly peers: { readonly [service: string]: ContainerRef };
  /** `container:alias` names for `links`. */
  readonly links: readonly string[];
  /** Digest of what its configs and secrets contain. */
  readonly contentHash?: string;
  readonly oneOff?: OneOff;
}
interface CopyFiles extends StepCommon {
  readonly action: 'copy-files';
  readonly container: ContainerRef;
  readonly service: string;
}
interface StartContainer extends StepCommon {
  readonly action: 'start-container';
  readonly container: ContainerRef;
  readonly service: string;
}
interface StopContainer extends StepCommon {
  readonly action: 'stop-container';
  readonly container: ContainerRef;
  /** Undefined: the container's own stop timeout. */
  readonly timeoutSeconds?: number;
}
interface RestartContainer extends StepCommon {
  readonly action: 'restart-container';
  readonly container: ContainerRef;
  readonly service: string;
  readonly timeoutSeconds?: number;
}
interface KillContainer extends StepCommon {
  readonly action: 'kill-container';
  readonly container: ContainerRef;
  readonly signal: string;
}
interface PauseContainer extends StepCommon {
  readonly action: 'pause-container';
  readonly container: ContainerRef;
}
interface UnpauseContainer extends StepCommon {
  readonly action: 'unpause-container';
  readonly container: ContainerRef;
}
interface RenameContainer extends StepCommon {
  readonly action: 'rename-container';
  readonly container: ContainerRef;
  readonly name: string;
}
interface RemoveContainer extends StepCommon {
  readonly action: 'remove-container';
  readonly container: ContainerRef;
  readonly force: boolean;
  /** Its anonymous volumes too. */
  readonly volumes: boolean;
}
interface RunHook extends StepCommon {
  readonly action: 'run-hook';
  readonly container: ContainerRef;
  readonly service: string;
  /** `pre_start` runs in a container of its own, the others inside this one. */
  readonly hook: 'pre_start' | 'post_start' | 'pre_stop';
  /** Position in the service's list. */
  readonly index: number;
}
/** `stop` is for providers alone whose metadata tells of it. */
export type ProviderCommand = 'up' | 'down' | 'stop';
interface RunProvider extends StepCommon {
  readonly action: 'run-provider';
  readonly service: string;
  readonly command: ProviderCommand;
}
interface WaitCondition extends StepCommon {
  readonly action: 'wait-condition';
  readonly service: string;
  readonly condition: GateCondition;
  readonly containers: readonly ContainerRef[];
  /** `dependency`: someone's start waits for it. `application`: the user does (`--wait`). */
  readonly purpose: 'dependency' | 'application';
  /** Undefined: as long as it takes. */
  readonly timeoutSeconds?: number;
}

/** One thing to do. `action` decides which fields it has; every action has its function in the executor's table. */
export type Step =
  | PullImage
  | BuildImage
  | RemoveImage
  | CreateNetwork
  | RemoveNetwork
  | CreateVolume
  | RemoveVolume
  | CreateContainer
  | CopyFiles
  | StartContainer
  | StopContainer
  | RestartContainer
  | KillContainer
  | PauseContainer
  | UnpauseContainer
  | RenameContainer
  | RemoveContainer
  | RunHook
  | RunProvider
  | WaitCondition;

export type Action = Step['action'];
export type StepOf<A extends Action> = Extract<Step, { readonly action: A }>;

export type Decision = 'keep' | 'create' | 'update' | 'recreate' | 'remove' | 'foreign';

/** What makes an existing container differ from the desired one. */
export type Difference =
  | 'config'
  | 'image'
  | 'network'
  | 'volume'
  | 'content'
  | 'forced'
  | 'dependency'
  | 'interrupted'
  | 'leftover';

/** One attribute of a service that its container has otherwise: `environment.LOG_LEVEL`, `"debug"`, `"info"`. */
export interface FieldChange {
  readonly path: string;
  /** Absent where the container has none. Secrets are hidden. */
  readonly before?: string;
  /** Absent where the service has none. */
  readonly after?: string;
}

/** What was decided about one resource, and why. */
export interface Verdict {
  /** `container shop-web-1`, `network shop_default`, `volume shop_data`, `image nginx`. */
  readonly resource: string;
  readonly decision: Decision;
  /** A few words: `config changed, image changed`. */
  readonly reason: string;
  readonly differences: readonly Difference[];
  /** Attribute by attribute, where the plan was asked to say (explain-plan.ts). */
  readonly changes?: readonly FieldChange[];
  readonly service?: string;
  /** Shown when the plan is carried out though nothing is done: `Container shop-web-1`, `Running`. */
  readonly progress?: StepProgress;
}

export interface Plan {
  readonly project: string;
  /** What it is for: `up`, `down`, `stop`… */
  readonly operation: string;
  /** One per resource, sorted by kind and name. */
  readonly verdicts: readonly Verdict[];
  /** In an order that respects every dependency; the same for the same input. */
  readonly steps: readonly Step[];
  /** For the user, printed before anything is done: orphans, resources of others, differences left alone. */
  readonly warnings: readonly string[];
  /**
   * True when what comes after depends on what these steps find out (the id of a pulled image, what a provider answers):
   * observe and plan again once they are done.
   */
  readonly continues: boolean;
}

export type StepOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'failed'; readonly error: Error }
  | { readonly status: 'skipped'; readonly because: StepId }
  | { readonly status: 'cancelled' };
