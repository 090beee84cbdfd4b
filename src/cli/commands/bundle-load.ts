// `bundle load`: the images of a bundle into the engine, and its files to where `up` finds them.
import { resolve } from 'node:path';
import { loadImages } from '../../shipping/bundle/load-images.ts';
import { unpackTrusted } from '../bundle/raise.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundleLoadFlags } from '../declarations/bundle.ts';

export const run: CommandRun<typeof bundleLoadFlags> = async (context, _flags, [given = '']) => {
  const file = resolve(context.cwd, given);
  const bundle = await unpackTrusted(file, context.env, context.cwd);
  const engine = await context.engine(bundle.manifest.project.name);
  const loaded = new Set(await loadImages(file, bundle, engine, context.signal));
  for (const { reference } of bundle.manifest.images)
    context.io.stdout.write(`${reference}: ${loaded.has(reference) ? 'loaded' : 'there already'}\n`);
  return 0;
};
