// `bundle verify`: reads a bundle from end to end and checks every digest, and its signature where a key is given.
import { resolve } from 'node:path';
import { readBundle } from '../../shipping/bundle/read-bundle.ts';
import { signatureCheckFrom } from '../bundle/keys.ts';
import type { CommandRun } from '../declaration.ts';
import type { bundleVerifyFlags } from '../declarations/bundle.ts';

export const run: CommandRun<typeof bundleVerifyFlags> = async (context, flags, [file = '']) => {
  const check = flags.key === undefined ? undefined : await signatureCheckFrom(flags.key, context.cwd);
  const head = await readBundle(resolve(context.cwd, file));
  check?.(head);
  const { digest, manifest } = head;
  const signed = check === undefined ? '' : ', signed with this key';
  context.io.stdout.write(
    `${digest} ${manifest.project.name}: ${manifest.contents.length} contents are whole${signed}\n`,
  );
  return 0;
};
