// Problems of the input files as data: where, what, and what to do. Rendered late, sorted by position.
import { WindlassError } from './errors.ts';

/** A place in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Severity = 'error' | 'warning';

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable: `SPEC_UNKNOWN_KEY`. */
  readonly code: string;
  /** Lower case, no final stop: `service "web": unknown key "port"`. */
  readonly message: string;
  readonly position?: Position | undefined;
  readonly hint?: string | undefined;
  /** The source line at `position`, shown below the message. */
  readonly excerpt?: string | undefined;
}

/** All errors of one loading phase, at once. */
export class SpecError extends WindlassError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const sorted = [...diagnostics].sort(byPosition);
    super(sorted[0]?.code ?? 'SPEC', sorted.map(formatDiagnostic).join('\n'));
    this.diagnostics = sorted;
  }
}

/** By file, line, column; those without a place come last, in their own order. */
function byPosition(a: Diagnostic, b: Diagnostic): number {
  const [p, q] = [a.position, b.position];
  if (!p || !q) return p ? -1 : q ? 1 : 0;
  return (p.file < q.file ? -1 : p.file > q.file ? 1 : 0) || p.line - q.line || p.column - q.column;
}

/**
 * ```
 * compose.yaml:14:7: service "web": unknown key "port"
 *      14 |     port: 80
 *         |     ^
 *   hint: did you mean "ports"?
 * ```
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { position, message, hint, excerpt } = diagnostic;
  const lines = [position ? `${position.file}:${position.line}:${position.column}: ${message}` : message];
  if (position && excerpt !== undefined) {
    const gutter = String(position.line).padStart(6);
    lines.push(`${gutter} | ${excerpt}`, `${' '.repeat(gutter.length)} | ${' '.repeat(position.column - 1)}^`);
  }
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return lines.join('\n');
}
