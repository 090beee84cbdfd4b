// Progress as lines, one per change of state, as docker compose writes them where there is no terminal.
import type { Output } from '../io.ts';
import { DRY_RUN_PREFIX, type Renderer, type RendererOptions } from './renderer.ts';

export function plainRenderer(out: Output, options: Pick<RendererOptions, 'dryRun'>): Renderer {
  const prefix = options.dryRun ? ` ${DRY_RUN_PREFIX}` : '';
  return {
    event({ id, status, text }) {
      // The two spaces are docker compose's: an empty text stands between them.
      out.write(`${prefix} ${id} ${text ?? ''} ${status}\n`);
    },
    note(text) {
      out.write(`${text}\n`);
    },
    async finish() {},
  };
}
