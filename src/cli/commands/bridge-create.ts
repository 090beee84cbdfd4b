// `bridge transformations create`: a transformation's templates to start one's own from.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cleaningUp } from '../../cleaning-up.ts';
import { WindlassError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { createFrom, DEFAULT_TRANSFORMATION } from '../bridge/transform.ts';
import { unpackTree } from '../copy/unpack.ts';
import type { CommandRun } from '../declaration.ts';
import type { createTransformationFlags } from '../declarations/bridge.ts';
import { writing } from '../output/writing.ts';

const DOCKERFILE = `FROM docker/compose-bridge-transformer
LABEL com.docker.compose.bridge=transformation
COPY templates /templates
`;

const written = (write: () => Promise<unknown>): Promise<void> =>
  writing('the transformation', 'name another folder', write);

export const run: CommandRun<typeof createTransformationFlags> = async (context, flags, [path = '']) => {
  const folder = resolve(context.cwd, path);
  if (existsSync(folder))
    throw new WindlassError('BRIDGE_FOLDER', `output folder ${folder} already exists`, { hint: 'name another one' });
  if (context.globals.dryRun) return 0;
  const { signal } = context;
  const engine = await context.engine();
  const id = await createFrom(engine, flags.from || DEFAULT_TRANSFORMATION, {}, signal);
  await cleaningUp(
    async () => {
      const archive = await engine.getArchive(id, '/templates', signal);
      await written(() => makeFolder(folder));
      await unpackTree({
        archive,
        placement: { directory: folder, from: 'templates', to: 'templates' },
        signal,
        onSkipped: (name) => context.warn(`"${name}" is no file or folder and is left out`),
      });
    },
    () => engine.removeContainer(id, { force: true, volumes: true }),
  );
  await written(() => writeFile(join(folder, 'Dockerfile'), DOCKERFILE));
  context.io.stdout.write(`Transformer created in "${folder}"\n`);
  return 0;
};
