// What shows progress: one renderer per way of showing it, all fed with the same events.
import type { ProgressEvent } from '../../events.ts';

/** Put before every line that tells of something that was not really done. */
export const DRY_RUN_PREFIX = 'DRY-RUN MODE - ';

export interface Renderer {
  event(event: ProgressEvent): void;
  /** Text for people amid the progress: a builder's lines, a warning. Ends without a newline. */
  note(text: string): void;
  /** Shows what is left to show. Nothing is written after it resolves. */
  finish(outcome: 'done' | 'failed' | 'interrupted'): Promise<void>;
}

export interface RendererOptions {
  /** `Running`, `Building`, …: the head of the live view. */
  readonly title: string;
  readonly dryRun: boolean;
  readonly color: boolean;
}
