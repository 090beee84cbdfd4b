// WORKDIR: the folder is made where it is missing.

import type { FileStep, StepFacts } from '../build-facts.ts';
import { cacheKey } from '../cache.ts';
import { resolveOwner } from '../chown.ts';
import { shellOf } from '../config-step.ts';
import type { InstructionOf } from '../dockerfile/instructions.ts';
import { LayerWriter } from '../files/layer-writer.ts';
import { chainKey } from '../layers.ts';

/** The step for a folder, an absolute path. A new one belongs to the image's user, as in BuildKit. */
export function workdirStep(facts: StepFacts<InstructionOf<'workdir'>>, folder: string): FileStep {
  const { build, state } = facts;
  const { config, chain } = state;
  const user = config.User ?? '';
  return {
    key: cacheKey('workdir', chainKey(chain), folder, user),
    createdBy: `${shellOf(config).join(' ')} #(nop) WORKDIR ${folder}`,
    async make() {
      const root = await build.layers.root(chain);
      const writer = new LayerWriter(build.parts.host, root);
      const at = await writer.resolve(folder);
      if ((await writer.kindOf(at)) === 'directory') return undefined;
      const owner = user === '' ? { uid: 0, gid: 0 } : await resolveOwner(build.parts.host, root, user);
      return build.layers.fromWriter(writer, () => writer.makeFolder(at, owner));
    },
  };
}
