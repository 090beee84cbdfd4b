// `bundle push`: a bundle to a registry.
import { resolve } from 'node:path';
import { pushBundle } from '../../shipping/bundle/registry-transfer.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundlePushFlags } from '../declarations/bundle.ts';
import { repository } from '../lock/registry-facts.ts';
import { withProgress } from '../output/progress.ts';

export const run: CommandRun<typeof bundlePushFlags> = async (context, _flags, [file = '', target = '']) => {
  const { client, version, name } = await repository(context, target.replace(/^oci:\/\//, ''));
  await withProgress(context, { title: 'Pushing' }, async ({ onEvent }) => {
    const digest = await pushBundle(resolve(context.cwd, file), client, version, (path, sent) =>
      onEvent({ id: path, status: sent ? 'Pushed' : 'Already there', kind: 'done' }),
    );
    context.io.stdout.write(`oci://${name}\n${digest}\n`);
  });
  return 0;
};
