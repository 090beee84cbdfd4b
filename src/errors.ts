// The one error shape: a stable code, what failed, and what to do next. Anything that is not a WindlassError is a bug.

export interface WindlassErrorOptions {
  /** What to do next, starting with a verb; printed on its own line. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Exit code of the process when this error ends it; 1 unless given. */
  readonly exitCode?: number;
}

/** An expected failure. `code` is stable (`SPEC_UNKNOWN_KEY`); the message is lower case, without a final stop. */
export class WindlassError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: string, message: string, options: WindlassErrorOptions = {}) {
    super(scrub(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint === undefined ? undefined : scrub(options.hint);
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The command line was wrong: an unknown flag, a missing argument, flags that exclude each other. */
export class UsageError extends WindlassError {
  constructor(message: string, options: WindlassErrorOptions = {}) {
    super('USAGE', message, options);
  }
}

/** Kinds of engine failure that callers may act on. */
export type EngineErrorKind = 'not-found' | 'conflict' | 'unsupported' | 'unavailable' | 'failed';

export interface EngineErrorFacts extends WindlassErrorOptions {
  readonly kind: EngineErrorKind;
  /** The verb of the Engine interface: `createContainer`. */
  readonly verb: string;
  /** What it was done to: `container "shop-web-1"`. */
  readonly resource?: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
}

/** A verb of the Engine interface failed. */
export class EngineError extends WindlassError {
  readonly kind: EngineErrorKind;
  readonly verb: string;
  readonly resource: string | undefined;
  readonly status: number | undefined;

  constructor(message: string, facts: EngineErrorFacts) {
    super(`ENGINE_${facts.kind.replace('-', '_').toUpperCase()}`, message, facts);
    this.kind = facts.kind;
    this.verb = facts.verb;
    this.resource = facts.resource;
    this.status = facts.status;
  }
}

/** A program or system call of the host failed. */
export class HostError extends WindlassError {
  constructor(message: string, options: WindlassErrorOptions = {}) {
    super('HOST', message, options);
  }
}

/** The user pressed Ctrl-C, or the process was asked to end. */
export class InterruptedError extends WindlassError {
  constructor(message = 'interrupted') {
    super('INTERRUPTED', message, { exitCode: 130 });
  }
}

export const isNotFound = (error: unknown): error is EngineError =>
  error instanceof EngineError && error.kind === 'not-found';
export const isConflict = (error: unknown): error is EngineError =>
  error instanceof EngineError && error.kind === 'conflict';
export const isAbort = (error: unknown): boolean =>
  error instanceof InterruptedError || (error instanceof Error && error.name === 'AbortError');

/** Text of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Why the system refused something, without what Node adds: `permission denied`. Of another error its text. */
export const reasonOf = (error: unknown): string =>
  /^E[A-Z0-9]+: ([^,]+), \w+/.exec(messageOf(error))?.[1] ?? messageOf(error);

/** Takes user:password out of every URL in a text. */
export function scrub(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1***@');
}
