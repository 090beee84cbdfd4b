// Yes or no, asked on the terminal.
import { createInterface } from 'node:readline';
import type { CommandContext } from '../context.ts';

/**
 * Asks. The end of input and Ctrl-C mean "no"; so does Enter, unless a person sits there and `enter` says "yes".
 */
export function confirm(
  context: CommandContext,
  question: string,
  { enter = 'no' }: { readonly enter?: 'yes' | 'no' } = {},
): Promise<boolean> {
  const { stdin, stderr } = context.io;
  const byEnter = enter === 'yes' && stdin.isTTY;
  stderr.write(`? ${question} [${byEnter ? 'Yn' : 'yN'}] `);
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdin.stream });
    let answered = false;
    const answer = (yes: boolean): void => {
      if (answered) return;
      answered = true;
      lines.close();
      release();
      if (!stdin.isTTY || !yes) stderr.write('\n');
      resolve(yes);
    };
    const release = context.interrupts.takeOver(() => answer(false));
    lines.on('line', (line) => answer(line.trim() === '' ? byEnter : /^\s*(y|yes)\s*$/i.test(line)));
    lines.on('close', () => answer(false));
  });
}
