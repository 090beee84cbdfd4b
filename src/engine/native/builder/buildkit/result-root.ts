// The files of a result as one folder of the host: those of one platform, or a folder for each of several.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { NativeHost } from '../../host.ts';
import { platformOf, platformText } from '../../images/platforms.ts';
import { MS_BIND } from '../../kernel.ts';
import { badRequest } from '../../server/api-error.ts';
import type { Made } from '../builder.ts';

export interface SplitParts {
  readonly host: NativeHost;
}

/** Does `work` with the folder. `platform-split=true` makes a folder of a single platform too. */
export async function withRoot(
  { host }: SplitParts,
  { states, layers }: Made,
  attributes: ReadonlyMap<string, string>,
  work: (root: string) => Promise<void>,
): Promise<void> {
  const split = attributes.get('platform-split') ?? '';
  if (states.length > 1 && /^(?:0|f|false)$/i.test(split))
    throw badRequest('platform-split=false is not supported by the windlass native engine for several platforms');
  if (states.length === 1 && !/^(?:1|t|true)$/i.test(split)) return work(await layers.root(states[0].chain));
  const folder = join(layers.folder, `split-${randomBytes(6).toString('hex')}`);
  const mounted: string[] = [];
  await host.files.mkdir(folder, { mode: 0o755 });
  try {
    for (const { os, architecture, variant, chain } of states) {
      const target = join(folder, platformText(platformOf(os, architecture, variant ?? '')).replaceAll('/', '_'));
      await host.files.mkdir(target);
      await host.kernel.mount({ source: await layers.root(chain), target, type: '', flags: MS_BIND });
      mounted.push(target);
    }
    await work(folder);
  } finally {
    for (const target of mounted) await host.kernel.unmount(target);
  }
}
