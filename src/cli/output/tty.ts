// Progress as a live view on a terminal.
import type { Output } from '../io.ts';
import { plainRenderer } from './plain.ts';
import type { Renderer, RendererOptions } from './renderer.ts';

export function ttyRenderer(out: Output, options: RendererOptions): Renderer {
  return plainRenderer(out, options);
}
