// The commands that run something inside a service's containers.
import type { AnyCommand } from '../declaration.ts';

export const runCommands: readonly AnyCommand[] = [];
