// The commands that show what is there and change nothing.
import type { AnyCommand } from '../declaration.ts';

export const viewCommands: readonly AnyCommand[] = [];
