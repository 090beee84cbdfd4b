// `export`: a container's file system as a tar archive, to a file that appears whole or to standard output.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { exportFlags } from '../declarations/content.ts';
import { withProgress } from '../output/progress.ts';
import { writing } from '../output/writing.ts';
import { projectName } from '../project-name.ts';
import { oneContainer } from '../select-containers.ts';
import { copyToOutput } from '../terminal/copy-output.ts';

export const run: CommandRun<typeof exportFlags> = async (context, flags, [service = '']) => {
  const output = flags.output ?? '';
  const name = await projectName(context);
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, context.signal);
  const container = oneContainer(containers, service, flags.index, { oneOffs: true, stopped: false });
  if (output === '' && context.io.stdout.isTTY)
    throw new UsageError('output option is required when exporting to terminal', { hint: 'give --output FILE' });
  const target = output === '' ? undefined : await checkedTarget(resolve(context.cwd, output));

  await withProgress(context, { title: 'Exporting' }, async ({ onEvent }) => {
    const text = `export ${container.name} to ${output}`;
    onEvent({ id: container.name, text, status: 'Exporting', kind: 'working' });
    if (!context.globals.dryRun) {
      const archive = await engine.exportContainer(container.id, context.signal);
      if (target === undefined) await copyToOutput(archive, context.io.stdout, context.signal);
      else
        await writing('the archive', 'choose another file with --output', () =>
          writeWhole(archive, target, context.signal),
        );
    }
    onEvent({ id: container.name, text, status: 'Exported', kind: 'done' });
  });
  return 0;
};

async function checkedTarget(path: string): Promise<string> {
  const parent = await stat(dirname(path)).catch(() => undefined);
  if (!parent?.isDirectory())
    throw new UsageError(
      `failed to export container: invalid output path: directory "${dirname(path)}" does not exist`,
    );
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile())
    throw new UsageError(`failed to export container: "${path}" must be a regular file`);
  return path;
}

/** Writes beside the target and renames, so that no half-written archive is left behind. */
async function writeWhole(archive: Readable, target: string, signal: AbortSignal): Promise<void> {
  const partial = `${target}.${randomBytes(4).toString('hex')}.partial`;
  try {
    await pipeline(archive, createWriteStream(partial, { mode: 0o600 }), { signal });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
