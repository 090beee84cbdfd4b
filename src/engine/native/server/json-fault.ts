// What is wrong with a text that is no JSON, in the words of Go's decoder, which clients of Docker know. Pure.

const END = 'unexpected EOF';

/** For a text that `JSON.parse` refuses. */
export function jsonFault(text: string): string {
  try {
    const rest = value(text, 0);
    return rest < text.length ? 'unexpected content after JSON' : 'not JSON';
  } catch (fault) {
    if (fault instanceof Fault) return `invalid JSON: ${fault.message}`;
    throw fault;
  }
}

class Fault extends Error {}

/** The first character that is not a blank. */
function skip(text: string, at: number): number {
  let next = at;
  while (' \t\r\n'.includes(text[next] ?? '!')) next += 1;
  return next;
}

function refuse(text: string, at: number, where: string): never {
  const found = text[at];
  if (found === undefined) throw new Fault(END);
  const quoted = found === "'" ? "\\'" : JSON.stringify(found).slice(1, -1);
  throw new Fault(`invalid character '${quoted}' ${where}`);
}

/** Where the value ends that begins at or after `at`. */
function value(text: string, at: number): number {
  const start = skip(text, at);
  const first = text[start] ?? '';
  if (first === '{') return members(text, start + 1, '}', key, 'after object key:value pair');
  if (first === '[') return members(text, start + 1, ']', value, 'after array element');
  if (first === '"') return string(text, start + 1);
  if (/[-\d]/.test(first)) return number(text, start);
  const literal = ['true', 'false', 'null'].find((word) => word[0] === first);
  if (literal === undefined) refuse(text, start, 'looking for beginning of value');
  for (let index = 1; index < literal.length; index += 1)
    if (text[start + index] !== literal[index])
      refuse(text, start + index, `in literal ${literal} (expecting '${literal[index]}')`);
  return start + literal.length;
}

function members(
  text: string,
  at: number,
  close: string,
  member: (text: string, at: number) => number,
  after: string,
): number {
  let next = skip(text, at);
  if (text[next] === close) return next + 1;
  for (;;) {
    next = skip(text, member(text, next));
    if (text[next] === close) return next + 1;
    if (text[next] !== ',') refuse(text, next, after);
    next += 1;
  }
}

function key(text: string, at: number): number {
  const start = skip(text, at);
  if (text[start] !== '"') refuse(text, start, 'looking for beginning of object key string');
  const colon = skip(text, string(text, start + 1));
  if (text[colon] !== ':') refuse(text, colon, 'after object key');
  return value(text, colon + 1);
}

function string(text: string, at: number): number {
  for (let next = at; ; next += 1) {
    const found = text[next];
    if (found === '"') return next + 1;
    if (found === undefined || found < ' ') refuse(text, next, 'in string literal');
    if (found !== '\\') continue;
    next += 1;
    if (!'"\\/bfnrtu'.includes(text[next] ?? '!')) refuse(text, next, 'in string escape code');
    if (text[next] !== 'u') continue;
    const end = next + 4;
    while (next < end) {
      next += 1;
      if (!/[\da-fA-F]/.test(text[next] ?? '')) refuse(text, next, 'in \\u hexadecimal character escape');
    }
  }
}

function number(text: string, at: number): number {
  const digits = (from: number, where: string): number => {
    if (!/\d/.test(text[from] ?? '')) refuse(text, from, where);
    let next = from;
    while (/\d/.test(text[next] ?? '')) next += 1;
    return next;
  };
  const start = text[at] === '-' ? at + 1 : at;
  let next = text[start] === '0' ? start + 1 : digits(start, 'in numeric literal');
  if (text[next] === '.') next = digits(next + 1, 'after decimal point in numeric literal');
  if (!/[eE]/.test(text[next] ?? '')) return next;
  return digits(/[-+]/.test(text[next + 1] ?? '') ? next + 2 : next + 1, 'in exponent of numeric literal');
}
