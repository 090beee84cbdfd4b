// `bundle save`: the project in one file, and what its receiver has to set.
import { resolve } from 'node:path';
import { readPlatforms } from '../../shipping/bundle/platforms.ts';
import { describeNeeds } from '../bundle/describe.ts';
import { saveBundle } from '../bundle/save-bundle.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundleSaveFlags } from '../declarations/bundle.ts';

export const run: CommandRun<typeof bundleSaveFlags> = async (context, flags) => {
  const saved = await saveBundle(context, {
    output: flags.output === undefined ? undefined : resolve(context.cwd, flags.output),
    platforms: readPlatforms(flags.platform),
    volumes: flags['with-volumes'],
    signingKey: flags.sign === undefined ? undefined : resolve(context.cwd, flags.sign),
    images: !flags['without-images'],
    includeEnv: flags['include-env'],
    withSecrets: flags['with-secret'],
  });
  for (const file of saved.envFilesWithValues) context.warn(`the env file "${file}" is in the bundle with its values`);
  context.io.stdout.write(`${saved.output}\n${saved.digest}\n${describeNeeds(saved.manifest)}`);
  return 0;
};
