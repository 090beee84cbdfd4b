// Compose files of a project that was published to a registry: the artifact's layers → one flat folder of the cache.
import { createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { WindlassError } from '../errors.ts';
import type { Manifest, RegistryClient } from '../registry/client.ts';
import {
  ANNOTATION,
  type Descriptor,
  EMPTY_CONFIG_TYPE,
  ENV_FILE_TYPE,
  FILE_TYPE,
  OCI_INDEX,
  PROJECT_TYPE,
} from './artifact.ts';
import { cached } from './cache.ts';
import { openRepository, type RegistrySurroundings } from './registry-access.ts';

export interface OciSurroundings extends RegistrySurroundings {
  readonly cache: string;
}

const OCI_PREFIX = 'oci://';
/** What the files of the first kind are joined into. */
const MAIN_FILE = 'compose.yaml';
/** More than this is no project; keeps a hostile artifact from filling the disk. */
const MAX_LAYERS = 200;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

interface ProjectManifest {
  readonly artifactType?: string;
  readonly config?: { readonly mediaType?: string };
  readonly layers?: readonly Descriptor[];
}

/** The Compose file of an artifact. One that is named by a digest and is in the cache is not asked for again. */
export async function fetchFromOci(text: string, surroundings: OciSurroundings): Promise<string> {
  const { client, reference, name, version } = await openRepository(text.slice(OCI_PREFIX.length), surroundings);
  const known = reference.digest === undefined ? undefined : folderName(reference.digest);
  if (known !== undefined && (await hasMainFile(join(surroundings.cache, known))))
    return join(surroundings.cache, known, MAIN_FILE);
  const found = await client.manifest(version);
  const folder = await cached(surroundings.cache, folderName(found.digest), hasMainFile, async (draft) => {
    const manifest = await projectManifest(client, found, name);
    for (const [file, content] of await filesOf(client, manifest, name))
      await writeFile(join(draft, file), content, { mode: 0o600 });
  });
  return join(folder, MAIN_FILE);
}

const folderName = (digest: string): string => digest.slice(digest.indexOf(':') + 1);
const hasMainFile = async (folder: string): Promise<boolean> =>
  (await stat(join(folder, MAIN_FILE)).catch(() => undefined)) !== undefined;

/** The project's own manifest; an application's index names it beside its images. */
async function projectManifest(client: RegistryClient, found: Manifest, name: string): Promise<ProjectManifest> {
  let text = found.text;
  if (found.mediaType === OCI_INDEX) {
    const { manifests = [] } = JSON.parse(text) as { manifests?: readonly Descriptor[] };
    const project = manifests.findLast(({ artifactType }) => artifactType === PROJECT_TYPE);
    if (!project) throw refuse(name, 'it is an index without a Compose project in it');
    text = (await client.manifest(project.digest)).text;
  }
  const manifest = JSON.parse(text) as ProjectManifest;
  const { artifactType, config } = manifest;
  const isProject = artifactType ? artifactType === PROJECT_TYPE : config?.mediaType === EMPTY_CONFIG_TYPE;
  if (!isProject)
    throw refuse(name, `it is no Compose project but ${artifactType || config?.mediaType || 'something else'}`);
  return manifest;
}

/** File name → contents. */
async function filesOf(
  client: RegistryClient,
  { layers = [] }: ProjectManifest,
  name: string,
): Promise<Map<string, string | Buffer>> {
  if (layers.length > MAX_LAYERS) throw refuse(name, `it has more than ${MAX_LAYERS} files`);
  const files = new Map<string, string | Buffer>();
  for (const [index, layer] of layers.entries()) {
    const { mediaType, annotations = {} } = layer;
    if (mediaType === FILE_TYPE) {
      const text = (await contentOf(client, layer, name)).toString();
      const file = annotations[ANNOTATION.extends] === undefined ? MAIN_FILE : flat(annotations[ANNOTATION.file], name);
      const separator = index > 0 && annotations[ANNOTATION.file] !== undefined ? '\n---\n' : '';
      files.set(file, `${files.get(file) ?? ''}${separator}${text}`);
    } else if (mediaType === ENV_FILE_TYPE)
      files.set(flat(annotations[ANNOTATION.envFile], name), await contentOf(client, layer, name));
  }
  if (!files.has(MAIN_FILE)) throw refuse(name, 'it has no Compose file');
  return files;
}

/** A file's name, which must stay in the artifact's folder. */
function flat(file: string | undefined, name: string): string {
  if (file === undefined) throw refuse(name, 'one of its files has no name');
  if (file === '' || file === '.' || file === '..' || file.includes('\\') || basename(file) !== file)
    throw refuse(name, `its file "${file}" would leave its folder`);
  return file;
}

async function contentOf(client: RegistryClient, { digest, size }: Descriptor, name: string): Promise<Buffer> {
  if (size > MAX_FILE_BYTES) throw refuse(name, `one of its files has ${size} bytes`);
  const { stream } = await client.blob(digest);
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > size) break;
  }
  stream.destroy();
  if (total !== size) throw refuse(name, `the manifest says ${size} bytes of ${digest}, and there are others`);
  const content = Buffer.concat(chunks);
  const actual = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (actual !== digest) throw refuse(name, `the registry's ${digest} has digest ${actual}`);
  return content;
}

const refuse = (name: string, why: string): WindlassError =>
  new WindlassError('OCI_ARTIFACT', `cannot read the Compose project "${name}": ${why}`, {
    hint: 'name an artifact that "windlass publish" or "docker compose publish" has made',
  });
