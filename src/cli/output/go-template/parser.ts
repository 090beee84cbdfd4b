// Go templates, second stage: pieces → a tree of nodes. Recursive descent over text/template's grammar:
// pipelines, variables, if/else, range, with, break, continue, define, template and block.
import { lex, type Piece, type Token } from './lexer.ts';
import { TemplateError } from './template-error.ts';

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[]; readonly at: number }
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly at: number }
  | { readonly kind: 'function'; readonly name: string; readonly at: number }
  | { readonly kind: 'group'; readonly pipeline: Pipeline; readonly path: readonly string[]; readonly at: number };

/** An operand and its arguments. */
export type Command = readonly [Operand, ...Operand[]];

export interface Pipeline {
  readonly declares: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  readonly source: string;
  readonly line: number;
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | ControlNode
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined };

export interface ControlNode {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipeline: Pipeline;
  readonly body: readonly Node[];
  /** What follows {{else}}. */
  readonly otherwise: readonly Node[];
}

export interface Template {
  readonly text: string;
  readonly body: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

type ActionPiece = Extract<Piece, { kind: 'action' }>;

/** Parses a template; throws TemplateError. `isFunction` tells which identifiers exist. */
export function parseTemplate(text: string, isFunction: (name: string) => boolean): Template {
  return new Parser(text, isFunction).run();
}

class Parser {
  readonly #text: string;
  readonly #pieces: readonly Piece[];
  readonly #isFunction: (name: string) => boolean;
  readonly #defined = new Map<string, readonly Node[]>();
  #at = 0;

  constructor(text: string, isFunction: (name: string) => boolean) {
    this.#text = text;
    this.#pieces = lex(text);
    this.#isFunction = isFunction;
  }

  run(): Template {
    const { nodes, ended } = this.#list();
    if (ended !== undefined) throw new TemplateError(`:${ended.line}: unexpected {{${ended.source}}}`);
    return { text: this.#text, body: nodes, defined: this.#defined };
  }

  /** Nodes up to `end`, `else` or the end of the template. */
  #list(): { nodes: Node[]; ended: ActionPiece | undefined } {
    const nodes: Node[] = [];
    for (let piece = this.#pieces[this.#at]; piece !== undefined; piece = this.#pieces[this.#at]) {
      this.#at++;
      if (piece.kind === 'text') nodes.push(piece);
      else {
        const keyword = /^\w+/.exec(piece.source)?.[0] ?? '';
        if (keyword === 'end' || keyword === 'else') return { nodes, ended: piece };
        nodes.push(...this.#action(keyword, piece));
      }
    }
    return { nodes, ended: undefined };
  }

  #action(keyword: string, piece: ActionPiece): Node[] {
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return [this.#control(keyword, piece, piece.tokens)];
      case 'break':
      case 'continue':
        return [{ kind: keyword }];
      case 'define':
        this.#define(piece);
        return [];
      case 'block':
        return [{ kind: 'template', name: this.#define(piece), pipeline: pipelineAfterName(piece, this.#isFunction) }];
      case 'template':
        return [{ kind: 'template', name: nameOf(piece), pipeline: pipelineAfterName(piece, this.#isFunction) }];
      default:
        return [{ kind: 'print', pipeline: parsePipeline(piece, piece.tokens, this.#isFunction) }];
    }
  }

  #define(piece: ActionPiece): string {
    const name = nameOf(piece);
    const { nodes, ended } = this.#list();
    if (ended === undefined) throw new TemplateError(`:${piece.line}: unexpected EOF`);
    this.#defined.set(name, nodes);
    return name;
  }

  #control(kind: 'if' | 'with' | 'range', piece: ActionPiece, tokens: readonly Token[]): Node {
    const pipeline = parsePipeline(piece, afterKeyword(tokens), this.#isFunction);
    const { nodes: body, ended } = this.#list();
    if (ended === undefined) throw new TemplateError(`:${piece.line}: unexpected EOF`);
    if (ended.source === 'end') return { kind, pipeline, body, otherwise: [] };
    const chained = /^else\s+(if|with)\b/.exec(ended.source)?.[1];
    if (chained === 'if' || chained === 'with')
      return { kind, pipeline, body, otherwise: [this.#control(chained, ended, afterKeyword(ended.tokens))] };
    const rest = this.#list();
    if (rest.ended === undefined) throw new TemplateError(`:${piece.line}: unexpected EOF`);
    return { kind, pipeline, body, otherwise: rest.nodes };
  }
}

function nameOf(piece: ActionPiece): string {
  const name = piece.tokens.find((token) => token.kind === 'string');
  if (name === undefined) throw new TemplateError(`:${piece.line}: missing template name in {{${piece.source}}}`);
  return name.text;
}

function pipelineAfterName(piece: ActionPiece, isFunction: (name: string) => boolean): Pipeline | undefined {
  const rest = piece.tokens.slice(piece.tokens.findIndex((token) => token.kind === 'string') + 1);
  return rest.some((token) => token.kind !== 'space') ? parsePipeline(piece, rest, isFunction) : undefined;
}

const afterKeyword = (tokens: readonly Token[]): readonly Token[] =>
  tokens.slice(tokens.findIndex((token) => token.kind === 'identifier') + 1);

function parsePipeline(piece: ActionPiece, tokens: readonly Token[], isFunction: (name: string) => boolean): Pipeline {
  const cursor = new Cursor(piece, tokens, isFunction);
  const pipeline = cursor.pipeline();
  cursor.expectEnd();
  return pipeline;
}

class Cursor {
  readonly #piece: ActionPiece;
  readonly #tokens: readonly Token[];
  readonly #isFunction: (name: string) => boolean;
  #at = 0;

  constructor(piece: ActionPiece, tokens: readonly Token[], isFunction: (name: string) => boolean) {
    this.#piece = piece;
    this.#tokens = tokens;
    this.#isFunction = isFunction;
  }

  pipeline(): Pipeline {
    const { declares, assigns } = this.#declaration();
    const commands: Command[] = [this.#command()];
    while (this.#take('|')) commands.push(this.#command());
    return { declares, assigns, commands, source: this.#piece.source, line: this.#piece.line };
  }

  expectEnd(): void {
    this.#skipSpace();
    const left = this.#tokens[this.#at];
    if (left !== undefined) this.#fail(`unexpected ${JSON.stringify(left.text)} in command`);
  }

  #declaration(): { declares: readonly string[]; assigns: boolean } {
    const start = this.#at;
    const names: string[] = [];
    do {
      this.#skipSpace();
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'variable') break;
      this.#at++;
      names.push(token.text);
    } while (this.#take(','));
    if (names.length > 0 && this.#take(':=')) return { declares: names, assigns: false };
    if (names.length > 0 && this.#take('=')) return { declares: names, assigns: true };
    this.#at = start;
    return { declares: [], assigns: false };
  }

  #command(): Command {
    const first = this.#operand();
    if (first === undefined) return this.#fail('missing value for command');
    const rest: Operand[] = [];
    for (let next = this.#operand(); next !== undefined; next = this.#operand()) rest.push(next);
    return [first, ...rest];
  }

  #operand(): Operand | undefined {
    this.#skipSpace();
    const token = this.#tokens[this.#at];
    if (token === undefined) return undefined;
    if (token.kind === 'punctuation') return token.text === '(' ? this.#group() : undefined;
    this.#at++;
    switch (token.kind) {
      case 'dot':
        return { kind: 'dot' };
      case 'string':
        return { kind: 'literal', value: token.text };
      case 'number':
        return { kind: 'literal', value: Number(token.text) };
      case 'variable':
        return { kind: 'variable', name: token.text, path: this.#fields(), at: token.at };
      case 'field':
        return { kind: 'field', path: [token.text.slice(1), ...this.#fields()], at: token.at };
      default:
        return this.#word(token);
    }
  }

  #word({ text, at }: Token): Operand {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (text === 'nil') return { kind: 'nil' };
    if (!this.#isFunction(text)) return this.#fail(`function ${JSON.stringify(text)} not defined`);
    return { kind: 'function', name: text, at };
  }

  #group(): Operand {
    const at = this.#tokens[this.#at++]?.at ?? 0;
    const pipeline = this.pipeline();
    if (!this.#take(')')) return this.#fail('unclosed left paren');
    return { kind: 'group', pipeline, path: this.#fields(), at };
  }

  /** `.A.B` written against what stands before. */
  #fields(): string[] {
    const path: string[] = [];
    for (let token = this.#tokens[this.#at]; token?.kind === 'field'; token = this.#tokens[this.#at]) {
      path.push(token.text.slice(1));
      this.#at++;
    }
    return path;
  }

  #take(text: string): boolean {
    this.#skipSpace();
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'punctuation' || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#tokens[this.#at]?.kind === 'space') this.#at++;
  }

  #fail(detail: string): never {
    throw new TemplateError(`:${this.#piece.line}: ${detail}`);
  }
}
