// JSON as Go's encoding/json writes it: maps sorted by key, no white space, and `< > &` escaped where asked.

const ESCAPED: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

function plain(value: unknown): unknown {
  if (value instanceof Map) {
    const keys = [...value.keys()].map(String).sort();
    return Object.fromEntries(keys.map((key) => [key, plain(value.get(key))]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => typeof item !== 'function')
        .map(([key, item]) => [key, plain(item)]),
    );
  return value;
}

export interface GoJsonOptions {
  /** `json.Marshal` escapes `< > &`; an encoder with SetEscapeHTML(false) does not. Escaped unless false. */
  readonly escapeHtml?: boolean;
  readonly indent?: string;
}

/** Objects keep the order of their properties (a struct); Maps are sorted by key; functions are left out. */
export function goJson(value: unknown, options: GoJsonOptions = {}): string {
  const text = JSON.stringify(plain(value), undefined, options.indent) ?? 'null';
  return options.escapeHtml === false ? text : text.replace(/[<>&\u2028\u2029]/g, (char) => ESCAPED[char] ?? char);
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};

/** Go's strconv.Quote: double quotes, control characters escaped, printable Unicode as it is. */
export function goQuote(text: string): string {
  const body = Array.from(text, (char) => {
    const short = SHORT[char];
    if (short !== undefined) return short;
    const code = char.codePointAt(0) ?? 0;
    // The usual ones first: the table of all letters takes milliseconds to set up.
    if ((code >= 0x20 && code < 0x7f) || char === '…') return char;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) return char;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${body.join('')}"`;
}
