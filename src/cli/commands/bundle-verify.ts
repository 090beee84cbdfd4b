// `bundle verify`: reads a bundle from end to end and checks every digest.
import { resolve } from 'node:path';
import { readBundle } from '../../shipping/bundle/read-bundle.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundleVerifyFlags } from '../declarations/bundle.ts';

export const run: CommandRun<typeof bundleVerifyFlags> = async (context, _flags, [file = '']) => {
  const { digest, manifest } = await readBundle(resolve(context.cwd, file));
  context.io.stdout.write(`${digest} ${manifest.project.name}: ${manifest.contents.length} contents are whole\n`);
  return 0;
};
