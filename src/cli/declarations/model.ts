// The commands about the Compose files themselves.
import type { AnyCommand } from '../declaration.ts';

export const modelCommands: readonly AnyCommand[] = [];
