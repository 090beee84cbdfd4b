// The commands about images.
import type { AnyCommand } from '../declaration.ts';

export const imageCommands: readonly AnyCommand[] = [];
