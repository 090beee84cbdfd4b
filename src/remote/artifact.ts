// A project as an OCI artifact, in docker compose's format: media types, annotations and the two shapes of manifest. Pure.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { COMPOSE_VERSION } from '../names.ts';

export const PROJECT_TYPE = 'application/vnd.docker.compose.project';
export const FILE_TYPE = 'application/vnd.docker.compose.file+yaml';
export const ENV_FILE_TYPE = 'application/vnd.docker.compose.envfile';
/** Stands for the project type where a manifest cannot name its artifact type. */
export const EMPTY_CONFIG_TYPE = 'application/vnd.docker.compose.config.empty.v1+json';
const OCI_EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

export const ANNOTATION = {
  version: 'com.docker.compose.version',
  file: 'com.docker.compose.file',
  /** Marks a file that others extend; it keeps its name, while all others are joined into one. */
  extends: 'com.docker.compose.extends',
  envFile: 'com.docker.compose.envfile',
} as const;

export type OciVersion = '1.0' | '1.1';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** A blob with its place in a manifest. */
export interface Layer {
  readonly descriptor: Descriptor;
  readonly content: Buffer;
}

export const digestOfBytes = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function layer(mediaType: string, content: Buffer, annotations: Readonly<Record<string, string>>): Layer {
  const marked = { [ANNOTATION.version]: COMPOSE_VERSION, ...annotations };
  return {
    descriptor: { mediaType, digest: digestOfBytes(content), size: content.length, annotations: marked },
    content,
  };
}

/** A Compose file. Its folder stays behind: an artifact is one flat folder. */
export const composeFileLayer = (path: string, content: Buffer, extended = false): Layer =>
  layer(FILE_TYPE, content, {
    [ANNOTATION.file]: basename(path),
    ...(extended ? { [ANNOTATION.extends]: 'true' } : {}),
  });

export const envFileLayer = (name: string, content: Buffer): Layer =>
  layer(ENV_FILE_TYPE, content, { [ANNOTATION.envFile]: basename(name) });

export interface Artifact {
  readonly config: Layer;
  /** The manifest's text, and what it is in the repository. */
  readonly manifest: string;
  readonly descriptor: Descriptor;
}

const EMPTY = Buffer.from('{}');

/** The manifest for a project's layers. `created` is RFC 3339. */
export function artifactOf(layers: readonly Layer[], version: OciVersion, created: string): Artifact {
  const isNew = version === '1.1';
  const size = EMPTY.length;
  const config = { mediaType: isNew ? OCI_EMPTY_TYPE : EMPTY_CONFIG_TYPE, digest: digestOfBytes(EMPTY), size };
  const artifactType = isNew ? { artifactType: PROJECT_TYPE } : {};
  const manifest = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: OCI_MANIFEST },
    ...artifactType,
    config: isNew ? { ...config, data: EMPTY.toString('base64') } : config,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: { 'org.opencontainers.image.created': created },
  });
  const bytes = Buffer.from(manifest);
  return {
    config: { descriptor: config, content: EMPTY },
    manifest,
    descriptor: { mediaType: OCI_MANIFEST, digest: digestOfBytes(bytes), size: bytes.length, ...artifactType },
  };
}

/** The index of an application: its images, and the project that they are part of. */
export const applicationIndex = (images: readonly Descriptor[], project: Descriptor): string =>
  JSON.stringify({
    ...{ schemaVersion: 2, mediaType: OCI_INDEX, artifactType: PROJECT_TYPE },
    manifests: images,
    subject: project,
    annotations: { [ANNOTATION.version]: COMPOSE_VERSION },
  });
