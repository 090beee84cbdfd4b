// `docker commit`: a container's writable layer and its settings → an image.
import { join } from 'node:path';
import { isMountPlace } from '../containers/changes.ts';
import type { ContainerRecord } from '../containers/types.ts';
import { exists, type NativeHost } from '../host.ts';
import { applyChanges } from '../images/changes.ts';
import type { HistoryEntry, RunConfig } from '../images/image-config.ts';
import type { Image, ImageStore } from '../images/store.ts';
import { timestamp } from '../names.ts';
import { noSuchImage } from '../server/api-error.ts';
import { Layers, onTop } from './layers.ts';
import { fullConfig } from './stage-state.ts';

export interface CommitRequest {
  readonly record: ContainerRecord;
  /** Its writable layer; it may not be there where the container has never run. */
  readonly upper: string;
  readonly author: string;
  readonly comment: string;
  readonly changes: readonly string[];
  /** Settings that count instead of the container's. */
  readonly config: RunConfig | undefined;
}

export async function commitContainer(host: NativeHost, store: ImageStore, request: CommitRequest): Promise<Image> {
  const { record, upper, author, comment } = request;
  const parent = store.get(record.imageId);
  if (!parent) throw noSuchImage(record.imageId);
  const layers = new Layers(host, store, join(upper, '..'));
  const written = await exists(host.files, upper);
  const layer = written ? await layers.copyOfUpper(upper, { leftOut: isMountPlace, ids: record.ids }) : undefined;
  const chain = onTop(parent.layers, layer);
  const created = timestamp();
  const config = settings(request);
  const command = [...(record.config.Entrypoint ?? []), ...(record.config.Cmd ?? [])].join(' ');
  const entry: HistoryEntry = {
    created,
    created_by: command,
    ...(author === '' ? {} : { author }),
    ...(comment === '' ? {} : { comment }),
    ...(layer ? {} : { empty_layer: true }),
  };
  const document = {
    architecture: parent.config.architecture,
    ...(parent.config.variant === undefined ? {} : { variant: parent.config.variant }),
    ...(author === '' ? {} : { author }),
    config: fullConfig(config),
    created,
    history: [...(parent.config.history ?? []), entry],
    os: parent.config.os,
    rootfs: { type: 'layers', diff_ids: chain.map(({ diffId }) => diffId) },
  };
  return store.addImage(JSON.stringify(document), chain);
}

/** The settings given, or the container's, with the changes, over the container's where they say nothing. */
function settings({ record, config, changes }: CommitRequest): RunConfig {
  const own = imageSettings(record.config);
  const given = config && Object.keys(config).length > 0 ? imageSettings(config) : own;
  const changed = applyChanges(given, changes);
  const present = Object.entries(changed).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return { ...own, ...Object.fromEntries(present) };
}

/** What of a container's settings is an image's. */
const IMAGE_SETTINGS = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'Healthcheck',
  'Shell',
  'OnBuild',
] as const satisfies readonly (keyof RunConfig)[];

const imageSettings = (config: RunConfig): RunConfig =>
  Object.fromEntries(
    IMAGE_SETTINGS.map((key) => [key, config[key]] as const).filter(
      ([, value]) => value !== undefined && value !== null,
    ),
  );
