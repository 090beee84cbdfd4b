// How far a stage has come: its layers, its configuration, and its history in Docker's words. Immutable.
import type { HistoryEntry, RunConfig } from '../images/image-config.ts';
import type { Platform } from '../images/platforms.ts';
import type { Image, ImageLayer } from '../images/store.ts';
import { badRequest } from '../server/api-error.ts';
import type { ConfigState } from './config-step.ts';
import { type Chain, onTop } from './layers.ts';

export interface StageState extends ConfigState {
  readonly chain: Chain;
  readonly history: readonly HistoryEntry[];
  /** Digest of every step so far: names the state in the output, and finds the time of a step that was done before. */
  readonly stepKey: string;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
  /** When the image is said to have been made, where that is not the time of its last step. */
  readonly created?: string;
  /** The image that this is so far, while nothing was added to one. */
  readonly image: Image | undefined;
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The state before the first step of a stage that starts from an image. */
export function fromImage(image: Image): StageState {
  const { config } = image;
  return {
    chain: image.layers,
    config: withPath(config.config ?? {}),
    author: config.author ?? '',
    commandSet: false,
    history: config.history ?? [],
    stepKey: image.id.slice('sha256:'.length),
    os: config.os,
    architecture: config.architecture,
    variant: config.variant,
    image,
  };
}

/** `FROM scratch`. */
export function fromNothing({ os, architecture, variant }: Platform): StageState {
  return {
    ...{ chain: [], config: withPath({}), author: '', commandSet: false, history: [], stepKey: '' },
    ...{ os, architecture, variant: variant === '' ? undefined : variant, image: undefined },
  };
}

/** A stage that starts from another one. */
export const fromStage = (state: StageState): StageState => ({ ...state, commandSet: false });

function withPath(config: RunConfig): RunConfig {
  const environment = config.Env ?? [];
  return environment.some((text) => text.startsWith('PATH='))
    ? config
    : { ...config, Env: [...environment, DEFAULT_PATH] };
}

export interface StepResult {
  readonly createdBy: string;
  readonly created: string;
  readonly layer: ImageLayer | undefined;
  readonly stepKey: string;
}

/** The state after a step. */
export function afterStep(state: StageState, config: ConfigState, step: StepResult): StageState {
  const entry: HistoryEntry = {
    created: step.created,
    created_by: step.createdBy,
    ...(config.author === '' ? {} : { author: config.author }),
    ...(step.layer ? {} : { empty_layer: true }),
  };
  return {
    ...state,
    ...config,
    chain: onTop(state.chain, step.layer),
    history: [...state.history, entry],
    stepKey: step.stepKey,
    image: undefined,
  };
}

/**
 * The state as of a time, in seconds: what came later counts as made then, so that the same build gives the same image.
 * https://reproducible-builds.org/specs/source-date-epoch/
 */
export function asOf(state: StageState, epoch: string): StageState {
  if (!/^\d{1,11}$/.test(epoch)) throw badRequest(`invalid SOURCE_DATE_EPOCH: ${epoch}`);
  const time = Number(epoch) * 1000;
  const created = new Date(time).toISOString().replace(/\.000Z$/, 'Z');
  if (state.image) return state;
  const history = state.history.map((entry) =>
    entry.created !== undefined && Date.parse(entry.created) <= time ? entry : { ...entry, created },
  );
  return { ...state, created, history };
}

/** A configuration with every field that Docker writes. */
export function fullConfig(config: RunConfig): Record<string, unknown> {
  return {
    ...{ Hostname: '', Domainname: '', User: '', AttachStdin: false, AttachStdout: false, AttachStderr: false },
    ...{ Tty: false, OpenStdin: false, StdinOnce: false, Env: null, Cmd: null, Image: '', Volumes: null },
    ...{ WorkingDir: '', Entrypoint: null, OnBuild: null, Labels: null },
    ...config,
  };
}

/** The document of the image that a state is. */
export function imageDocument(state: StageState): string {
  const created = state.created ?? state.history.at(-1)?.created ?? '';
  return JSON.stringify({
    architecture: state.architecture,
    ...(state.variant === undefined ? {} : { variant: state.variant }),
    ...(state.author === '' ? {} : { author: state.author }),
    config: fullConfig(state.config),
    created,
    history: state.history,
    os: state.os,
    rootfs: { type: 'layers', diff_ids: state.chain.map(({ diffId }) => diffId) },
  });
}
