// `bundle inspect`: what a bundle holds and what it needs, without reading more of it than its head.
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { readHead } from '../../shipping/bundle/read-bundle.ts';
import { describeBundle } from '../bundle/describe.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundleInspectFlags } from '../declarations/bundle.ts';

export const run: CommandRun<typeof bundleInspectFlags> = async (context, flags, [file = '']) => {
  if (flags.format !== 'text' && flags.format !== 'json')
    throw new UsageError(`unsupported format value "${flags.format}"`, { hint: 'use "text" or "json"' });
  const head = await readHead(resolve(context.cwd, file));
  const json = { digest: head.digest, signed: head.signature !== undefined, ...withoutValues(head.manifest) };
  context.io.stdout.write(flags.format === 'json' ? `${JSON.stringify(json, undefined, 2)}\n` : describeBundle(head));
  return 0;
};

/** Values that were put in on request are for the containers, not for screens. */
const withoutValues = <T extends { readonly environment: Readonly<Record<string, string>> }>(
  manifest: T,
): Omit<T, 'environment'> & { readonly environment: readonly string[] } => ({
  ...manifest,
  environment: Object.keys(manifest.environment),
});
