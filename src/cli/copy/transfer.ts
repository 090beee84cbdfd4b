// One copy between this machine and one container.
import { lstat, readlink, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, posix, resolve } from 'node:path';
import type { Engine, ObservedContainer } from '../../engine/engine.ts';
import { UsageError, WindlassError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import { copyToOutput } from '../terminal/copy-output.ts';
import { packTree } from './pack.ts';
import { type CopyTarget, placeCopy, splitEntry } from './placement.ts';
import { unpackTree } from './unpack.ts';

export interface Transfer {
  readonly context: CommandContext;
  readonly engine: Engine;
  readonly container: ObservedContainer;
  readonly from: string;
  readonly to: string;
  readonly followLink: boolean;
  /** Gives files to the container's user. */
  readonly archive: boolean;
}

/** Absolute, keeping a final `/` or `/.`, which have a meaning. */
function absolute(cwd: string, path: string): string {
  const ending = /(^|\/)\.$/.test(path) ? '/.' : path.endsWith('/') ? '/' : '';
  return `${resolve(cwd, path).replace(/\/$/, '')}${ending}`;
}

/** Copies into the container. `-` unpacks standard input. */
export async function copyIn(transfer: Transfer): Promise<void> {
  const { context, engine, container, from, archive } = transfer;
  const { signal } = context;
  const target = await targetInside(transfer);
  if (from === '-') {
    if (!target.isDirectory)
      throw new WindlassError('COPY', `destination "${container.name}:${transfer.to}" must be a directory`);
    await engine.putArchive(container.id, target.path, context.io.stdin.stream, { copyUidGid: archive }, signal);
    return;
  }
  const source = await localSource(absolute(context.cwd, from), from, transfer.followLink);
  const placement = placeCopy(source, target);
  if (context.globals.dryRun) return;
  // A followed link is packed under the name it was asked for by.
  const content = packTree({ path: source.realPath, name: placement.to, signal });
  await engine.putArchive(container.id, placement.directory, content, { copyUidGid: archive }, signal);
}

async function targetInside({ context, engine, container, to }: Transfer): Promise<CopyTarget> {
  let path = to;
  let found = await engine.statPath(container.id, path, context.signal);
  if (found?.kind === 'symlink') {
    path = posix.resolve(posix.dirname(path), found.linkTarget);
    found = await engine.statPath(container.id, path, context.signal);
  }
  if (found?.kind === 'other')
    throw new WindlassError('COPY', `destination "${container.name}:${to}" must be a directory or a regular file`);
  return {
    path: posix.resolve('/', path) + (/\/\.?$/.test(path) ? '/' : ''),
    exists: found !== undefined,
    isDirectory: found?.kind === 'directory',
  };
}

async function localSource(path: string, asked: string, followLink: boolean) {
  const plain = path.replace(/(?<=.)\/\.?$/, '');
  const found = await lstat(plain).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new WindlassError('COPY', `lstat ${plain}: no such file or directory`, {
        hint: `check the path "${asked}"`,
      });
    throw new WindlassError('COPY', `cannot read "${plain}": ${error.message}`, { cause: error });
  });
  const throughLink = found.isSymbolicLink() && (followLink || path !== plain);
  const realPath = throughLink ? resolve(dirname(plain), await readlink(plain)) : plain;
  const isDirectory = throughLink ? (await stat(plain)).isDirectory() : found.isDirectory();
  if (path !== plain && !isDirectory) throw new WindlassError('COPY', `"${plain}" is not a directory`);
  return {
    path: throughLink ? path.replace(plain, join(dirname(plain), basename(plain))) : path,
    realPath,
    isDirectory,
  };
}

/** Copies out of the container. `-` writes the archive to standard output. */
export async function copyOut(transfer: Transfer): Promise<void> {
  const { context, engine, container, to, followLink } = transfer;
  const { signal } = context;
  const target = to === '-' ? undefined : await targetHere(absolute(context.cwd, to));
  let path = transfer.from;
  let askedName: string | undefined;
  let found = await engine.statPath(container.id, path, signal);
  if (found === undefined)
    throw new WindlassError('COPY', `could not find the file ${path} in container ${container.name}`);
  if (followLink && found.kind === 'symlink') {
    askedName = splitEntry(path).name;
    path = isAbsolute(found.linkTarget) ? found.linkTarget : posix.join(posix.dirname(path), found.linkTarget);
    found = (await engine.statPath(container.id, path, signal)) ?? found;
  }
  if (context.globals.dryRun) return;
  const archive = await engine.getArchive(container.id, path, signal);
  if (target === undefined) {
    await copyToOutput(archive, context.io.stdout, signal);
    return;
  }
  const source = { path, isDirectory: found.kind === 'directory', ...(askedName === undefined ? {} : { askedName }) };
  await unpackTree({
    archive,
    placement: placeCopy(source, target),
    signal,
    onSkipped: (name) => context.warn(`"${name}" is neither a file, a directory nor a link, and was not copied`),
  });
}

async function targetHere(path: string): Promise<CopyTarget> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory() && !found.isFile())
    throw new UsageError(`invalid output path: "${path}" must be a directory or a regular file`);
  const parent = dirname(path.replace(/\/\.?$/, ''));
  if (found === undefined && !(await stat(parent).catch(() => undefined))?.isDirectory())
    throw new UsageError(`invalid output path: directory "${parent}" does not exist`);
  return { path, exists: found !== undefined, isDirectory: found?.isDirectory() === true };
}
