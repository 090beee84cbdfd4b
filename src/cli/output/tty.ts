// Progress as a live view on a terminal: listr2 runs it as one task with a renderer of our own, which redraws the lines of
// live-view.ts in place. Loaded only where there is a terminal.
import { stripVTControlCharacters } from 'node:util';
import { Listr, SilentRenderer, Spinner } from 'listr2';
import type { Output } from '../io.ts';
import { LiveView, SPINNER_INTERVAL_MS } from './live-view.ts';
import type { Renderer, RendererOptions } from './renderer.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_TO_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** Synchronised output: terminals that know it show a frame whole, others ignore it. */
const FRAME_BEGIN = '\u001b[?2026h';
const FRAME_END = '\u001b[?2026l';
/** Lines of builders and warnings shown below the view while it lives. */
const NOTES_SHOWN = 6;
/** Notes kept to be shown when the work fails. */
const NOTES_KEPT = 2000;

/** Starts a live view on `out`; `finish` leaves its last picture there. */
export function ttyRenderer(out: Output, options: RendererOptions): Renderer {
  const view = new LiveView(options);
  const screen = new Screen(out);
  const notes: string[] = [];
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });

  const frame = (last: boolean): string[] => {
    if (view.isEmpty && notes.length === 0) return [];
    const tail = last ? [] : notes.slice(-NOTES_SHOWN).map((note) => ` ${note}`);
    // One row stays free for the cursor.
    const rows = last ? Number.POSITIVE_INFINITY : Math.max(2, out.rows - 1 - tail.length);
    const lines = view.lines({ columns: out.columns, rows }, Date.now());
    return [...(view.isEmpty ? [] : [view.head(options.title)]), ...lines, ...tail];
  };

  class LiveRenderer extends SilentRenderer {
    readonly #spinner = new Spinner();
    #stopResize: () => void = () => {};

    override render(): void {
      out.write(HIDE_CURSOR);
      this.#stopResize = out.onResize(() => screen.draw(frame(false)));
      this.#spinner.start(() => screen.draw(frame(false)), SPINNER_INTERVAL_MS);
    }

    override end(): void {
      this.#spinner.stop();
      this.#stopResize();
      screen.draw(frame(true));
      out.write(SHOW_CURSOR);
    }
  }

  const running = new Listr([{ title: options.title, task: () => over }], {
    renderer: LiveRenderer,
    // Interrupts are the command's to handle; listr2 would end the process.
    registerSignalListeners: false,
  }).run();

  return {
    event(event) {
      view.apply(event, Date.now());
    },
    note(text) {
      notes.push(...text.split('\n'));
      if (notes.length > NOTES_KEPT) notes.splice(0, notes.length - NOTES_KEPT);
    },
    async finish(outcome) {
      if (outcome === 'interrupted') view.interrupt(Date.now());
      end();
      await running;
      // What a builder said is the explanation of its failure.
      if (outcome === 'failed' && notes.length > 0) out.write(`${notes.join('\n')}\n`);
    },
  };
}

/** Draws lines over the lines drawn before, also when the terminal has been made narrower in between. */
export class Screen {
  readonly #out: Output;
  #drawn: readonly string[] = [];

  constructor(out: Output) {
    this.#out = out;
  }

  draw(lines: readonly string[]): void {
    const columns = Math.max(1, this.#out.columns);
    // A line that was drawn wider than the terminal is now stands on several rows.
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleLength(line) / columns)), 0);
    const up = rows === 0 ? '' : `\r\u001b[${rows}A`;
    const text = lines.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join('');
    if (rows === 0 && text === '') return;
    this.#out.write(`${FRAME_BEGIN}${up}${text}${CLEAR_BELOW}${FRAME_END}`);
    this.#drawn = lines;
  }
}

/** Columns a text takes; our lines have no signs of double width but what names contain. */
const visibleLength = (text: string): number => stripVTControlCharacters(text).length;
