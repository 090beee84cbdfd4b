// Yes or no, asked on the terminal.
import { createInterface } from 'node:readline';
import type { CommandContext } from '../context.ts';

/** Asks, with "no" as the answer to Enter, to the end of input and to Ctrl-C. */
export function confirm(context: CommandContext, question: string): Promise<boolean> {
  const { stdin, stderr } = context.io;
  stderr.write(`? ${question} [yN] `);
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
    lines.on('line', (line) => answer(/^\s*(y|yes)\s*$/i.test(line)));
    lines.on('close', () => answer(false));
  });
}
