// The build context as a tar stream: what .dockerignore leaves of a folder, in sorted order, owned by root, links kept as links.
import { createHash } from 'node:crypto';
import { createReadStream, type Dirent, type Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { plainHeader, type TarSource, writeTar } from '../../../archive/tar-writer.ts';
import { EngineError, messageOf, reasonOf } from '../../../errors.ts';
import { type IgnoreRules, ignoreLines, ignoreRules } from '../../../ignore-rules.ts';
import type { Build } from '../../../model.ts';

export interface ContextSource {
  readonly directory: string;
  /** The Dockerfile's path inside the archive. */
  readonly dockerfile: string;
  /** A Dockerfile that is not a file of the context: inline, or from elsewhere. */
  readonly added?: { readonly path: string; readonly content: Uint8Array };
  readonly rules: IgnoreRules;
}

/** What makes a context remote: the engine (or buildx) fetches it. */
export function isRemoteContext(context: string): boolean {
  return (
    /^(https?|git|ssh):\/\//.test(context) ||
    /^git@[^:]+:/.test(context) ||
    /^github\.com\//.test(context) ||
    /^[\w.-]+@[\w.-]+:.+\.git(#|$)/.test(context)
  );
}

const refuse = (message: string, hint: string, cause?: unknown): EngineError =>
  new EngineError(message, { kind: 'failed', verb: 'buildImage', hint, cause });

/**
 * Settles what of a local context is sent, and where its Dockerfile is.
 * @throws EngineError when the context or the Dockerfile is missing, or the ignore file is malformed.
 */
export async function openContext(service: string, build: Build): Promise<ContextSource> {
  const directory = resolve(build.context ?? '.');
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw refuse(
      `service "${service}": build context "${directory}" ${found === undefined ? 'does not exist' : 'is not a folder'}`,
      'check build.context; it is relative to the Compose file',
    );
  const { dockerfile, added, ignoreBeside } = await findDockerfile(service, directory, build);
  const lines = await readIgnore(directory, ignoreBeside);
  // The engine needs both even where they are ignored.
  const kept = added === undefined ? [`!${dockerfile}`] : [];
  try {
    return {
      directory,
      dockerfile,
      rules: ignoreRules([...lines, '!.dockerignore', ...kept]),
      ...(added === undefined ? {} : { added }),
    };
  } catch (cause) {
    throw refuse(
      `service "${service}": "${join(directory, '.dockerignore')}": ${messageOf(cause)}`,
      'correct or remove that line',
      cause,
    );
  }
}

/** A further context: a folder as its own ignore file leaves it. */
export async function openFolder(service: string, folder: string): Promise<ContextSource> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw refuse(
      `service "${service}": additional context "${folder}" ${found === undefined ? 'does not exist' : 'is not a folder'}`,
      'check build.additional_contexts; paths are relative to the Compose file',
    );
  return { directory: folder, dockerfile: '', rules: ignoreRules(await readIgnore(folder, undefined)) };
}

interface FoundDockerfile {
  readonly dockerfile: string;
  readonly added?: ContextSource['added'];
  /** `<Dockerfile>.dockerignore`, which wins over the context's. */
  readonly ignoreBeside?: string;
}

async function findDockerfile(service: string, directory: string, build: Build): Promise<FoundDockerfile> {
  if (build.dockerfile_inline !== undefined) return addedDockerfile(Buffer.from(build.dockerfile_inline));
  const path = resolve(directory, build.dockerfile ?? 'Dockerfile');
  const inside = relative(directory, path);
  const isOutside = inside.startsWith('..') || isAbsolute(inside);
  if (isOutside) {
    const content = await readFile(path).catch((cause: unknown) => {
      throw refuse(
        `service "${service}": cannot read the Dockerfile "${path}": ${reasonOf(cause)}`,
        'check build.dockerfile; it is relative to the build context',
        cause,
      );
    });
    return { ...addedDockerfile(content), ignoreBeside: `${path}.dockerignore` };
  }
  if ((await stat(path).catch(() => undefined))?.isFile() !== true)
    throw refuse(
      `service "${service}": there is no Dockerfile at "${path}"`,
      'check build.dockerfile; it is relative to the build context',
    );
  return { dockerfile: inside.split(sep).join('/'), ignoreBeside: `${path}.dockerignore` };
}

/** Named by its content: the same build sends the same bytes. */
function addedDockerfile(content: Uint8Array): FoundDockerfile {
  const path = `.dockerfile.${createHash('sha256').update(content).digest('hex').slice(0, 20)}`;
  return { dockerfile: path, added: { path, content } };
}

async function readIgnore(directory: string, beside: string | undefined): Promise<string[]> {
  for (const path of [...(beside === undefined ? [] : [beside]), join(directory, '.dockerignore')]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return ignoreLines(text);
  }
  return [];
}

/** The archive, read from disk as it is consumed. */
export const contextArchive = (source: ContextSource): AsyncGenerator<Uint8Array> => writeTar(entriesOf(source));

async function* entriesOf(source: ContextSource): AsyncGenerator<TarSource> {
  yield* folder(source, '');
  if (source.added === undefined) return;
  const { path, content } = source.added;
  yield { header: plainHeader({ path, size: content.length }), content: () => [content] };
}

async function* folder(source: ContextSource, inside: string): AsyncGenerator<TarSource> {
  const here = join(source.directory, inside);
  const entries = await readdir(here, { withFileTypes: true }).catch(unreadable(here));
  entries.sort((a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    const ignored = source.rules.ignores(path);
    if (ignored && (!entry.isDirectory() || source.rules.prunes(path))) continue;
    const full = join(source.directory, path);
    const info = await lstat(full).catch(unreadable(full));
    if (!ignored) yield* node(full, path, info);
    if (info.isDirectory()) yield* folder(source, path);
  }
}

async function* node(full: string, path: string, info: Stats): AsyncGenerator<TarSource> {
  const common = { path, mode: info.mode & 0o7777, mtime: Math.max(0, Math.trunc(info.mtimeMs / 1000)) };
  if (info.isDirectory()) yield { header: plainHeader({ ...common, path: `${path}/`, type: 'directory' }) };
  else if (info.isSymbolicLink())
    yield {
      header: plainHeader({ ...common, type: 'symlink', linkPath: await readlink(full).catch(unreadable(full)) }),
    };
  else if (info.isFIFO()) yield { header: plainHeader({ ...common, type: 'fifo' }) };
  else if (info.isFile())
    yield { header: plainHeader({ ...common, size: info.size }), content: () => contentOf(full, info.size) };
  // Sockets and devices have no place in an image; the docker CLI leaves sockets out as well.
}

async function* contentOf(full: string, size: number): AsyncGenerator<Buffer> {
  let sent = 0;
  // A file that grows meanwhile is cut at the size its header tells.
  const stream: AsyncIterable<Buffer> | [] = size > 0 ? createReadStream(full, { end: size - 1 }) : [];
  try {
    for await (const chunk of stream) {
      sent += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    unreadable(full)(cause);
  }
  if (sent !== size)
    throw refuse(`"${full}" shrank while it was being sent`, 'run the build again when nothing writes to the context');
}

const unreadable =
  (path: string) =>
  (cause: unknown): never => {
    throw refuse(
      `cannot read "${path}": ${reasonOf(cause)}`,
      'make it readable, or leave it out with .dockerignore',
      cause,
    );
  };
