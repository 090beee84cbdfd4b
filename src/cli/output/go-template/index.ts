// Go templates, last stage: a tree and a value → text. The subset of text/template that --format is used with in practice.
import { CallError, FUNCTIONS } from './functions.ts';
import {
  type Command,
  type ControlNode,
  type Node,
  type Operand,
  type Pipeline,
  parseTemplate,
  type Template,
} from './parser.ts';
import { TemplateError } from './template-error.ts';
import { isStruct, isTrue, sortedEntries, type TemplateFunction, TYPE_NAME, toText } from './values.ts';

type Functions = ReadonlyMap<string, TemplateFunction>;
/** Innermost scope first. */
type Scope = { readonly values: Map<string, unknown>; readonly outer: Scope | undefined };

/** Thrown by {{break}} and {{continue}}, caught by the range around them. */
class LoopControl extends Error {
  readonly stops: boolean;
  constructor(stops: boolean) {
    super();
    this.stops = stops;
  }
}

/** A template, parsed once and run for each row. */
export class GoTemplate {
  readonly #template: Template;

  /** Throws TemplateError when the text is not a template. */
  constructor(text: string) {
    this.#template = parseTemplate(text, (name) => FUNCTIONS.has(name));
  }

  /** Throws TemplateError when the data has no such field or a function refuses its arguments. */
  render(data: unknown, functions: Functions = FUNCTIONS): string {
    return new Run(this.#template, functions).nodes(this.#template.body, data, rootScope(data));
  }
}

const rootScope = (data: unknown): Scope => ({ values: new Map([['$', data]]), outer: undefined });
const inner = (outer: Scope): Scope => ({ values: new Map(), outer });

class Run {
  readonly #template: Template;
  readonly #functions: Functions;

  constructor(template: Template, functions: Functions) {
    this.#template = template;
    this.#functions = functions;
  }

  nodes(list: readonly Node[], dot: unknown, scope: Scope): string {
    return list.map((node) => this.#node(node, dot, scope)).join('');
  }

  #node(node: Node, dot: unknown, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'print': {
        const value = this.#pipeline(node.pipeline, dot, scope);
        return node.pipeline.declares.length > 0 ? '' : toText(value);
      }
      case 'if':
      case 'with': {
        const within = inner(scope);
        const value = this.#pipeline(node.pipeline, dot, within);
        if (!isTrue(value)) return this.nodes(node.otherwise, dot, within);
        return this.nodes(node.body, node.kind === 'with' ? value : dot, within);
      }
      case 'range':
        return this.#range(node, dot, scope);
      case 'template':
        return this.#call(node, dot, scope);
      default:
        throw new LoopControl(node.kind === 'break');
    }
  }

  #call(node: Extract<Node, { kind: 'template' }>, dot: unknown, scope: Scope): string {
    const body = this.#template.defined.get(node.name);
    if (body === undefined) throw new TemplateError(`template ${JSON.stringify(node.name)} not defined`);
    const data = node.pipeline === undefined ? undefined : this.#pipeline(node.pipeline, dot, scope);
    return this.nodes(body, data, rootScope(data));
  }

  #range(node: ControlNode, dot: unknown, scope: Scope): string {
    const pipeline = { ...node.pipeline, declares: [] };
    const entries = entriesOf(this.#pipeline(pipeline, dot, scope));
    if (entries === undefined) return this.#failIn(node.pipeline, `range can't iterate over ${toText(dot)}`);
    if (entries.length === 0) return this.nodes(node.otherwise, dot, inner(scope));
    const out: string[] = [];
    for (const [key, value] of entries) {
      const within = inner(scope);
      const [first, second] = node.pipeline.declares;
      if (second !== undefined) within.values.set(second, value);
      if (first !== undefined) within.values.set(first, second === undefined ? value : key);
      try {
        out.push(this.nodes(node.body, value, within));
      } catch (error) {
        if (!(error instanceof LoopControl)) throw error;
        if (error.stops) break;
      }
    }
    return out.join('');
  }

  #pipeline(pipeline: Pipeline, dot: unknown, scope: Scope): unknown {
    let value: unknown;
    pipeline.commands.forEach((command, at) => {
      value = this.#command(pipeline, command, dot, scope, at === 0 ? [] : [value]);
    });
    const [name] = pipeline.declares;
    if (name !== undefined) (pipeline.assigns ? (owner(scope, name) ?? scope) : scope).values.set(name, value);
    return value;
  }

  /** Runs a command; the value of the one before it in the pipeline is its last argument. */
  #command(pipeline: Pipeline, command: Command, dot: unknown, scope: Scope, piped: readonly unknown[]): unknown {
    const [head, ...rest] = command;
    if (head.kind === 'function') return this.#function(pipeline, head, rest, dot, scope, piped);
    const args = [...rest.map((operand) => this.#operand(pipeline, operand, dot, scope)), ...piped];
    const value = this.#operand(pipeline, head, dot, scope, args);
    if (args.length > 0 && !takesArguments(head)) this.#failIn(pipeline, `can't give argument to non-function`);
    return value;
  }

  #function(
    pipeline: Pipeline,
    { name, at }: Extract<Operand, { kind: 'function' }>,
    operands: readonly Operand[],
    dot: unknown,
    scope: Scope,
    piped: readonly unknown[],
  ): unknown {
    const target = this.#functions.get(name);
    if (target === undefined) return this.#fail(at, pipeline.source, `function ${JSON.stringify(name)} not defined`);
    try {
      return target(...operands.map((operand) => this.#operand(pipeline, operand, dot, scope)), ...piped);
    } catch (error) {
      if (error instanceof CallError) return this.#fail(at, pipeline.source, error.message);
      throw error;
    }
  }

  #operand(pipeline: Pipeline, operand: Operand, dot: unknown, scope: Scope, args: readonly unknown[] = []): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return undefined;
      case 'literal':
        return operand.value;
      case 'field':
        return this.#path(operand, dot, args);
      case 'variable': {
        const holder = owner(scope, operand.name);
        if (holder === undefined) return this.#failIn(pipeline, `undefined variable ${JSON.stringify(operand.name)}`);
        return this.#path(operand, holder.values.get(operand.name), args);
      }
      case 'group':
        return this.#path(operand, this.#pipeline(operand.pipeline, dot, scope), args);
      case 'function':
        return this.#function(pipeline, operand, [], dot, scope, []);
    }
  }

  /** Follows `.A.B`; a method at the end takes the arguments. */
  #path(operand: Chain, from: unknown, args: readonly unknown[]): unknown {
    const { path } = operand;
    return path.reduce((value, name, at) => {
      if (value instanceof Map) return value.get(name);
      if (!isStruct(value) || !Object.hasOwn(value, name))
        return this.#fail(operand.at, chainText(operand), `can't evaluate field ${name} in type ${typeName(value)}`);
      const field = value[name];
      if (typeof field !== 'function') return field;
      return Reflect.apply(field, value, at === path.length - 1 ? [...args] : []);
    }, from);
  }

  #failIn(pipeline: Pipeline, detail: string): never {
    throw new TemplateError(`:${pipeline.line}: executing "" at <${pipeline.source}>: ${detail}`);
  }

  /** Line and column as Go counts them: from 1 and from 0. */
  #fail(at: number, source: string, detail: string): never {
    const before = this.#template.text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n') - 1;
    throw new TemplateError(`:${line}:${column}: executing "" at <${source}>: ${detail}`);
  }
}

type Chain = Extract<Operand, { readonly path: readonly string[] }>;

const chainText = (operand: Chain): string =>
  `${operand.kind === 'variable' ? operand.name : operand.kind === 'group' ? '(…)' : ''}${operand.path.map((name) => `.${name}`).join('')}`;

const takesArguments = (operand: Operand): boolean =>
  (operand.kind === 'field' || operand.kind === 'variable' || operand.kind === 'group') && operand.path.length > 0;

const owner = (scope: Scope | undefined, name: string): Scope | undefined =>
  scope === undefined || scope.values.has(name) ? scope : owner(scope.outer, name);

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (Array.isArray(value)) return value.map((item, at) => [at, item] as const);
  if (value instanceof Map) return sortedEntries(value);
  if (value === undefined || value === null) return [];
  return undefined;
}

const typeName = (value: unknown): string =>
  isStruct(value) ? (value[TYPE_NAME] ?? 'struct') : typeof value === 'number' ? 'int' : typeof value;
