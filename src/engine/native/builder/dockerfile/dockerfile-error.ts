// What is wrong with a Dockerfile, and on which line.
import { ApiError } from '../../server/api-error.ts';

/** A mistake in the Dockerfile: a 400 whose message names the line, counted from 1. */
export class DockerfileError extends ApiError {
  readonly line: number;

  constructor(line: number, message: string) {
    super(400, `dockerfile parse error on line ${line}: ${message}`);
    this.line = line;
  }
}
