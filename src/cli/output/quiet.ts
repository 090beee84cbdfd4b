// No progress at all; errors are still told, by main.
import type { Renderer } from './renderer.ts';

export const quietRenderer = (): Renderer => ({
  event() {},
  note() {},
  async finish() {},
});
