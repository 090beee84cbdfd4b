// What is wrong with a user's --format template, in the words docker uses.
import { UsageError } from '../../../errors.ts';

/** `detail` starts with the place, as Go's parser writes it: `:1: unclosed action`. */
export class TemplateError extends UsageError {
  constructor(detail: string) {
    super(`template parsing error: template: ${detail}`);
  }
}
