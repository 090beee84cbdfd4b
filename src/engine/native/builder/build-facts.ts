// What every step of one build shares.

import type { ImageStore } from '../images/store.ts';
import type { IdMapping } from '../user-namespaces/id-mapping.ts';
import type { BaseImages } from './base-image.ts';
import type { CacheImage } from './caches/import-caches.ts';
import type { StepCache } from './caches/step-cache.ts';
import type { Instruction, Stage } from './dockerfile/instructions.ts';
import type { SourceTree } from './files/source-tree.ts';
import type { Layers } from './layers.ts';
import type { BuildOutput } from './output.ts';
import type { BuildOptions } from './request.ts';
import type { CacheMounts } from './run/cache-mounts.ts';
import type { RunParts } from './run/container.ts';
import type { ClientSession } from './session.ts';
import type { StageState } from './stage-state.ts';

export interface BuildFacts {
  readonly options: BuildOptions;
  readonly parts: RunParts;
  readonly images: ImageStore;
  readonly bases: BaseImages;
  readonly cache: StepCache;
  /** Images whose history stands for a cache. */
  readonly cacheImages: readonly CacheImage[];
  readonly cacheMounts: CacheMounts;
  readonly layers: Layers;
  /** The build context; empty where there is none. */
  readonly context: SourceTree;
  /** What only the client can give: secrets, ssh agents, further contexts. */
  readonly session: ClientSession | undefined;
  readonly signal: AbortSignal;
  /** The files that a name stands for, as a step of `stage` sees it: a further context, an earlier stage, or an image. */
  source(name: string, stage: Stage, output: BuildOutput): Promise<NamedSource>;
}

export interface NamedSource {
  readonly tree: SourceTree;
  /** A folder of the host that shows it, for mounts: with `ids`, to a container that has these. */
  readonly root: (ids?: IdMapping) => Promise<string>;
  /** Names all that it holds: a digest below it need not be taken twice. Undefined where it is new with every build. */
  readonly key: string | undefined;
}

/** One step as its executor sees it. */
export interface StepFacts<I extends Instruction = Instruction> {
  readonly build: BuildFacts;
  readonly stage: Stage;
  readonly state: StageState;
  /** With variables expanded. */
  readonly instruction: I;
  readonly output: BuildOutput;
}

/** What an executor of files says of its step before it is carried out. */
export interface FileStep {
  /** Equal keys, equal outcomes. */
  readonly key: string;
  readonly createdBy: string;
  /** Carries it out. Undefined where nothing was changed. */
  make(): Promise<StageState['chain'][number] | undefined>;
}
