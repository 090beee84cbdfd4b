// One colour per state, the same in every picture; readable with white text on it.
import type { Health } from './model.ts';

export const COLOURS: Readonly<Record<Health, string>> = {
  healthy: '#1a7f37',
  running: '#1a7f37',
  starting: '#9a6700',
  unhealthy: '#cf222e',
  completed: '#0969da',
  failed: '#cf222e',
  stopped: '#57606a',
  absent: '#8c959f',
};
