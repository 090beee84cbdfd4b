// Progress as JSON, one object per line, with docker compose's keys.
import type { Output } from '../io.ts';
import type { Renderer, RendererOptions } from './renderer.ts';

export function jsonRenderer(out: Output, options: Pick<RendererOptions, 'dryRun'>): Renderer {
  const write = (fields: Readonly<Record<string, unknown>>) =>
    out.write(`${JSON.stringify({ ...(options.dryRun ? { 'dry-run': true } : {}), ...fields })}\n`);
  return {
    event({ id, parentId, text, status, current, total }) {
      write({
        id,
        ...(parentId === undefined ? {} : { parent_id: parentId }),
        ...(text === undefined || text === '' ? {} : { text }),
        status,
        // docker compose leaves out what is zero.
        ...(current ? { current } : {}),
        ...(total ? { total } : {}),
        ...(current && total ? { percent: Math.min(100, Math.floor((current * 100) / total)) } : {}),
      });
    },
    note(text) {
      write({ text });
    },
    async finish() {},
  };
}
