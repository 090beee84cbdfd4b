// `completion bash|zsh|fish`: the script that a shell loads.
import { UsageError } from '../../errors.ts';
import { completionScript, isShell } from '../completion/scripts.ts';
import type { CommandRun } from '../declaration.ts';
import type { completionFlags } from '../declarations/about.ts';
import { invokedAs } from '../program-name.ts';

export const run: CommandRun<typeof completionFlags> = async (context, _flags, [shell = '']) => {
  if (!isShell(shell))
    throw new UsageError(`no completion for the shell "${shell}"`, { hint: 'use bash, zsh or fish' });
  context.io.stdout.write(completionScript(shell, invokedAs()));
  return 0;
};
