// `bundle pull`: a bundle from a registry, the same file that was pushed.
import { basename, resolve } from 'node:path';
import { pullBundle } from '../../shipping/bundle/registry-transfer.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundlePullFlags } from '../declarations/bundle.ts';
import { repository } from '../lock/registry-facts.ts';

export const run: CommandRun<typeof bundlePullFlags> = async (context, flags, [source = '']) => {
  const { client, version, name, reference } = await repository(context, source.replace(/^oci:\/\//, ''));
  const output = resolve(context.cwd, flags.output ?? `${basename(reference.repository)}.windlass.tar`);
  await pullBundle(await client.manifest(version), client, name, output);
  context.io.stdout.write(`${output}\n`);
  return 0;
};
