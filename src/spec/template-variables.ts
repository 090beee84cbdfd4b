// Which variables a text mentions, and what it says of them: for `config --variables`.
import { nextToken, type TemplateToken } from './template.ts';

/** A variable as `config --variables` lists it. */
export interface TemplateVariable {
  readonly name: string;
  /** Operand of `:-` or `-`, as written. */
  readonly defaultValue: string;
  /** Operand of `:+` or `+`, as written. */
  readonly presenceValue: string;
  /** `:?` or `?`. */
  readonly required: boolean;
}

/**
 * The variables of a text, each operand's own after the variable they belong to. Where a name occurs several times the
 * last entry is the one that docker compose shows; hence the order: what follows an operation on its line, up to the
 * line's last brace, comes before it. A malformed `${` counts as a variable without a name.
 */
export function extractVariables(text: string): TemplateVariable[] {
  const found: TemplateVariable[] = [];
  if (text.includes('$')) extractRange(text, 0, text.length, found);
  return found;
}

function extractRange(text: string, from: number, to: number, found: TemplateVariable[]): void {
  let position = from;
  for (let token = nextToken(text, position, to); token; token = nextToken(text, position, to)) {
    position = token.end;
    if (token.kind === 'escaped') continue;
    if (token.kind !== 'operation') {
      found.push(describe(text, token));
      continue;
    }
    const later: TemplateVariable[] = [];
    const reach = lastBraceOfLine(text, token.end, to);
    if (reach > token.end) extractRange(text, token.end, reach, found);
    later.push(describe(text, token));
    if (!token.operator.endsWith('?')) extractRange(text, token.from, token.to, later);
    found.push(...later);
    position = Math.max(position, reach);
  }
}

/** Offset behind the last `}` between `from` and the end of its line; `from` where there is none. */
function lastBraceOfLine(text: string, from: number, to: number): number {
  const newline = text.indexOf('\n', from);
  const lineEnd = Math.min(newline < 0 ? to : newline, to);
  return Math.max(text.slice(from, lineEnd).lastIndexOf('}') + 1 + from, from);
}

function describe(text: string, token: TemplateToken): TemplateVariable {
  if (token.kind !== 'operation') {
    const name = token.kind === 'variable' ? token.name : '';
    return { name, defaultValue: '', presenceValue: '', required: false };
  }
  const operand = text.slice(token.from, token.to);
  return {
    name: token.name,
    defaultValue: token.operator.endsWith('-') ? operand : '',
    presenceValue: token.operator.endsWith('+') ? operand : '',
    required: token.operator.endsWith('?'),
  };
}
