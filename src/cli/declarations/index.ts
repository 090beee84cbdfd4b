// Every command there is.
import type { AnyCommand, CommandGroup } from '../declaration.ts';
import { aboutCommands } from './about.ts';
import { alphaCommands } from './alpha.ts';
import { bridgeCommands } from './bridge.ts';
import { bundleCommands } from './bundle.ts';
import { contentCommands } from './content.ts';
import { coreCommands } from './core.ts';
import { engineCommands } from './engine.ts';
import { imageCommands } from './image.ts';
import { lockCommands } from './lock.ts';
import { modelCommands } from './model.ts';
import { runCommands } from './run.ts';
import { viewCommands } from './view.ts';
import { volumeCommands } from './volume.ts';
import { watchCommands } from './watch.ts';

export const commands: readonly AnyCommand[] = [
  ...coreCommands,
  ...watchCommands,
  ...imageCommands,
  ...modelCommands,
  ...lockCommands,
  ...runCommands,
  ...viewCommands,
  ...contentCommands,
  ...aboutCommands,
];

/** Commands that stand below another word, as `bridge convert`. */
export const commandGroups: readonly CommandGroup[] = [
  alphaCommands,
  bridgeCommands,
  engineCommands,
  bundleCommands,
  volumeCommands,
];
