// A tree → YAML text, byte for byte as go-yaml v3 writes it with an indentation of two: block style, no folding, quotes only
// where a reader of YAML 1.1 or 1.2 would take the text for something else. Nothing here knows Compose.
import { Float, goFloat, type OrderedMap, type OrderedValue, Unquoted } from '../../go-json.ts';
import { TextPieces } from '../../text-pieces.ts';
import { emitScalarText, styleOf } from './emit-scalar.ts';

const INDENT = 2;
/** Keys longer than this, in bytes, are written with `?`. */
const MAX_SIMPLE_KEY = 128;

/** One document, with a line break at its end. */
export function emitYaml(value: OrderedValue): string {
  const emitter = new Emitter();
  emitter.node(value, -INDENT, false);
  emitter.startLine(0);
  return emitter.text.toString();
}

class Emitter {
  readonly text = new TextPieces();
  #column = 0;
  /** The last character written is a blank, or counts as one. */
  #whitespace = true;
  /** Only indentation and indicators such as `- ` stand on the line so far. */
  #indention = true;

  /** Writes a value; `indent` is that of the collection it is in. */
  node(value: OrderedValue, indent: number, isKey: boolean): void {
    if (value instanceof Map) this.#mapping(value, indent + INDENT);
    else if (Array.isArray(value)) this.#sequence(value, indent + INDENT);
    else if (typeof value === 'string') this.#string(value, Math.max(indent, 0) + INDENT, isKey);
    else this.#plain(scalarText(value));
  }

  #mapping(map: OrderedMap, indent: number): void {
    if (map.size === 0) this.#plain('{}');
    for (const [key, value] of map) {
      this.startLine(indent);
      const simple = !/[\n\r\u0085\u2028\u2029]/.test(key) && Buffer.byteLength(key) <= MAX_SIMPLE_KEY;
      if (simple) {
        this.node(key, indent, true);
        this.#indicator(':', false);
      } else {
        this.#indicator('?', true);
        this.node(key, indent, false);
        this.startLine(indent);
        this.#indicator(':', true);
      }
      this.node(value, indent, false);
    }
  }

  #sequence(items: readonly OrderedValue[], indent: number): void {
    if (items.length === 0) this.#plain('[]');
    for (const item of items) {
      this.startLine(indent);
      this.#indicator('-', true);
      this.node(item, indent, false);
    }
  }

  #string(value: string, indent: number, isKey: boolean): void {
    const style = styleOf(value, isKey);
    if (style === 'plain') {
      this.#plain(value);
      return;
    }
    if (!this.#whitespace) this.#write(' ');
    const { text, endsLine } = emitScalarText(value, style, indent);
    this.#write(text);
    this.#column = endsLine ? 0 : this.#column + 1;
    this.#whitespace = endsLine;
    this.#indention = endsLine;
  }

  /** Ends the line unless nothing but indentation is on it, and indents. */
  startLine(indent: number): void {
    if (!this.#indention || this.#column > indent || (this.#column === indent && !this.#whitespace)) {
      this.text.add('\n');
      this.#column = 0;
      this.#indention = true;
    }
    if (this.#column < indent) this.#write(' '.repeat(indent - this.#column));
    this.#whitespace = true;
  }

  #indicator(text: string, keepsIndention: boolean): void {
    if (keepsIndention && !this.#whitespace) this.#write(' ');
    this.#write(text);
    this.#whitespace = false;
    this.#indention = this.#indention && keepsIndention;
  }

  #plain(text: string): void {
    if (!this.#whitespace) this.#write(' ');
    this.#write(text);
    this.#whitespace = false;
    this.#indention = false;
  }

  /** Text without a line break in it, unless the caller sets the column right. */
  #write(text: string): void {
    this.text.add(text);
    this.#column += text.length;
  }
}

function scalarText(value: null | boolean | number | bigint | Float | Unquoted): string {
  if (value === null) return 'null';
  if (value instanceof Unquoted) return value.text;
  if (typeof value === 'number' && !Number.isInteger(value)) return floatText(new Float(value, 64));
  return value instanceof Float ? floatText(value) : String(value);
}

function floatText(float: Float): string {
  const text = goFloat(float);
  if (text === '+Inf') return '.inf';
  if (text === '-Inf') return '-.inf';
  return text === 'NaN' ? '.nan' : text;
}
