// What the demo says to a person: steps with their time, colours where there is a terminal.
const plain = !process.stdout.isTTY || (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb';
const style =
  (code: number) =>
  (text: string): string =>
    plain ? text : `\x1b[${code}m${text}\x1b[0m`;

export const bold = style(1);
export const dim = style(2);
const red = style(31);
const green = style(32);
export const link = style(36);

export const say = (text = ''): void => void process.stdout.write(`${text}\n`);
export const heading = (text: string): void => say(`\n${bold(text)}\n`);

/** Prints an error and its hints. */
export function fail(error: unknown): void {
  process.stderr.write(`${red('✖')} ${error instanceof Error ? error.message : String(error)}\n`);
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Does a piece of work; then one line says what came of it and how long it took. The work returns those words. */
export async function step(name: string, work: (note: (text: string) => void) => Promise<string>): Promise<void> {
  const started = performance.now();
  let doing = '…';
  let frame = 0;
  const draw = (): void => {
    const mark = FRAMES[frame++ % FRAMES.length];
    process.stdout.write(`\r\x1b[2K${mark} ${name.padEnd(9)} ${dim(doing)}`);
  };
  const clear = (): void => {
    clearInterval(timer);
    if (!plain) process.stdout.write('\r\x1b[2K');
  };
  const note = (text: string): void => {
    doing = text;
    if (plain) say(`  ${name.padEnd(9)} ${text}`);
  };
  const timer = setInterval(draw, 100);
  if (plain) clearInterval(timer);
  try {
    const outcome = await work(note);
    clear();
    const seconds = dim(`${((performance.now() - started) / 1000).toFixed(1)} s`);
    say(`${green('✔')} ${name.padEnd(9)} ${outcome}  ${seconds}`);
  } catch (error) {
    clear();
    throw error;
  }
}
