// Compose files of a project that was published to a registry: the artifact's layers → one flat folder of the cache.

import { createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Decoder } from '../decode-json.ts';
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

/** What a manifest says of one file. */
type FileLayer = Required<Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'annotations'>>;

/** The Compose file of an artifact. One that is named by a digest and is in the cache is not asked for again. */
export async function fetchFromOci(text: string, surroundings: OciSurroundings): Promise<string> {
  const { client, reference, name, version } = await openRepository(text.slice(OCI_PREFIX.length), surroundings);
  const known = reference.digest === undefined ? undefined : folderName(reference.digest);
  if (known !== undefined && (await hasMainFile(join(surroundings.cache, known))))
    return join(surroundings.cache, known, MAIN_FILE);
  const found = await client.manifest(version);
  const folder = await cached(surroundings.cache, folderName(found.digest), hasMainFile, async (draft) => {
    const layers = await projectLayers(client, found, name);
    for (const [file, content] of await filesOf(client, layers, name))
      await writeFile(join(draft, file), content, { mode: 0o600 });
  });
  return join(folder, MAIN_FILE);
}

const folderName = (digest: string): string => digest.slice(digest.indexOf(':') + 1);
const hasMainFile = async (folder: string): Promise<boolean> =>
  (await stat(join(folder, MAIN_FILE)).catch(() => undefined)) !== undefined;

/** The files that the project's own manifest names; an application's index names that manifest beside its images. */
async function projectLayers(client: RegistryClient, found: Manifest, name: string): Promise<readonly FileLayer[]> {
  const read = (text: string): Decoder => new Decoder(JSON.parse(text), 'its manifest', (what) => refuse(name, what));
  let manifest = read(found.text);
  if (found.mediaType === OCI_INDEX) {
    const ofType = (item: Decoder) => ({ type: item.find('artifactType')?.text(), digest: item.get('digest').text() });
    const project = manifest
      .find('manifests')
      ?.list(ofType)
      .findLast(({ type }) => type === PROJECT_TYPE);
    if (!project) throw refused(name, 'it is an index without a Compose project in it');
    manifest = read((await client.manifest(project.digest)).text);
  }
  const artifactType = manifest.find('artifactType')?.text();
  const configType = manifest.find('config')?.find('mediaType')?.text();
  if (artifactType ? artifactType !== PROJECT_TYPE : configType !== EMPTY_CONFIG_TYPE)
    throw refused(name, `it is no Compose project but ${artifactType || configType || 'something else'}`);
  return (
    manifest.find('layers')?.list((layer) => ({
      mediaType: layer.get('mediaType').text(),
      digest: layer.get('digest').text(),
      size: layer.get('size').integer(),
      annotations: layer.find('annotations')?.mapping((value) => value.text()) ?? {},
    })) ?? []
  );
}

/** File name → contents. */
async function filesOf(
  client: RegistryClient,
  layers: readonly FileLayer[],
  name: string,
): Promise<Map<string, string | Buffer>> {
  if (layers.length > MAX_LAYERS) throw refused(name, `it has more than ${MAX_LAYERS} files`);
  const files = new Map<string, string | Buffer>();
  for (const [index, layer] of layers.entries()) {
    const { mediaType, annotations } = layer;
    if (mediaType === FILE_TYPE) {
      const text = (await contentOf(client, layer, name)).toString();
      const file = annotations[ANNOTATION.extends] === undefined ? MAIN_FILE : flat(annotations[ANNOTATION.file], name);
      const separator = index > 0 && annotations[ANNOTATION.file] !== undefined ? '\n---\n' : '';
      files.set(file, `${files.get(file) ?? ''}${separator}${text}`);
    } else if (mediaType === ENV_FILE_TYPE)
      files.set(flat(annotations[ANNOTATION.envFile], name), await contentOf(client, layer, name));
  }
  if (!files.has(MAIN_FILE)) throw refused(name, 'it has no Compose file');
  return files;
}

/** A file's name, which must stay in the artifact's folder. */
function flat(file: string | undefined, name: string): string {
  if (file === undefined) throw refused(name, 'one of its files has no name');
  if (file === '' || file === '.' || file === '..' || file.includes('\\') || basename(file) !== file)
    throw refused(name, `its file "${file}" would leave its folder`);
  return file;
}

async function contentOf(client: RegistryClient, { digest, size }: FileLayer, name: string): Promise<Buffer> {
  if (size > MAX_FILE_BYTES) throw refused(name, `one of its files has ${size} bytes`);
  const { stream } = await client.blob(digest);
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > size) break;
  }
  stream.destroy();
  if (total !== size) throw refused(name, `the manifest says ${size} bytes of ${digest}, and there are others`);
  const content = Buffer.concat(chunks);
  const actual = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (actual !== digest) throw refused(name, `the registry's ${digest} has digest ${actual}`);
  return content;
}

const refuse = (name: string, why: string): never => {
  throw refused(name, why);
};

const refused = (name: string, why: string): WindlassError =>
  new WindlassError('OCI_ARTIFACT', `cannot read the Compose project "${name}": ${why}`, {
    hint: 'name an artifact that "windlass publish" or "docker compose publish" has made',
  });
