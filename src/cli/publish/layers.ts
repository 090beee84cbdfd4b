// The files of a project as layers of an artifact. An artifact is one flat folder, so files that others name get names of their
// own, and the text that names them is changed in that place alone: comments and layout travel along.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { UsageError, WindlassError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import { composeFileLayer, envFileLayer, type Layer } from '../../remote/artifact.ts';
import { isRemote } from '../../remote-reference.ts';
import { type NamedFile, readNamedFiles } from '../../spec/named-files.ts';

export interface LayerOptions {
  readonly withEnvironment: boolean;
  /** An override that pins the images. */
  readonly digests?: string;
}

/** @throws WindlassError where a file includes one of this machine, or names a file in a way that cannot be changed. */
export function layersOf(project: Project, options: LayerOptions): Layer[] {
  const layers: Layer[] = [];
  const extended = new Set<string>();
  const envFiles = new Set<string>();
  const read = (file: string, directory: string): Buffer =>
    Buffer.from(published(file, directory, project, { extended, envFiles }));
  for (const file of project.composeFiles) {
    if (file === '-') throw new UsageError('standard input cannot be published', { hint: 'save it as a file' });
    layers.push(composeFileLayer(file, read(file, project.workingDir)));
  }
  // The set grows while files that others extend name further ones.
  for (const file of extended) layers.push(composeFileLayer(flatName(file, 'yaml'), read(file, dirname(file)), true));
  for (const file of options.withEnvironment ? envFiles : [])
    if (existsSync(file)) layers.push(envFileLayer(flatName(file, 'env'), readFileSync(file)));
  if (options.digests !== undefined) layers.push(composeFileLayer('image-digests.yaml', Buffer.from(options.digests)));
  return layers;
}

/** Tells nothing about the machine, and is the same each time. */
const flatName = (path: string, extension: string): string =>
  `${createHash('sha256').update(path).digest('hex')}.${extension}`;

interface Collected {
  readonly extended: Set<string>;
  readonly envFiles: Set<string>;
}

/** A file's text as it is published. */
function published(file: string, directory: string, project: Project, collected: Collected): string {
  const { text, named } = readNamedFiles(file, project.environment);
  const changes: { readonly start: number; readonly end: number; readonly name: string }[] = [];
  for (const reference of named) {
    const { kind, path } = reference;
    if (isRemote(path)) continue;
    if (kind === 'include') throw localInclude(path);
    const absolute = isAbsolute(path) ? path : join(directory, path);
    (kind === 'extends' ? collected.extended : collected.envFiles).add(absolute);
    const { start, end } = placeOf(reference, file);
    changes.push({ start, end, name: flatName(absolute, kind === 'extends' ? 'yaml' : 'env') });
  }
  let out = text;
  for (const { start, end, name } of changes.sort((a, b) => b.start - a.start))
    out = out.slice(0, start) + name + out.slice(end);
  return out;
}

const localInclude = (path: string): WindlassError =>
  new WindlassError('PUBLISH_INCLUDE', `cannot publish compose file with local includes: "${path}"`, {
    hint: 'publish that file too and include it as oci://…, or give both with "-f"',
  });

function placeOf({ start, end, path, kind }: NamedFile, file: string): { start: number; end: number } {
  if (start !== undefined && end !== undefined) return { start, end };
  throw new WindlassError('PUBLISH_ALIAS', `cannot publish "${file}": its ${kind} "${path}" is not written out`, {
    hint: 'write the path itself instead of an alias',
  });
}
