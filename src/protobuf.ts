// As much of protocol buffers as builds speak: reading and writing fields by number.

export type Field = number | Buffer;
export type Message = ReadonlyMap<number, readonly Field[]>;
/** What a field is written from; a list is a repeated field. */
export type Value = string | Uint8Array | number | boolean | readonly (string | Uint8Array)[] | undefined;

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];
/** No number takes more bytes: 64 bits, seven a byte. */
const MAX_VARINT_BYTES = 10;

/**
 * The fields of a message, each with all its values in order.
 * @throws RangeError when the bytes are no message: they end in the middle of a field, or hold a type of field that is not.
 */
export function decode(bytes: Buffer): Message {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    const end = at + MAX_VARINT_BYTES;
    for (let scale = 1; at < end; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      // Beyond 2^53 the value is a count of nanoseconds or the like, where the last digits do not matter.
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a message holds a number that has no end');
  };
  const take = (length: number): Buffer => {
    if (!(at + length <= bytes.length)) throw new RangeError('a message ends in the middle of a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    const value =
      type === VARINT
        ? varint()
        : take(type === BYTES ? varint() : type === FIXED64 ? 8 : type === FIXED32 ? 4 : Number.NaN);
    const known = fields.get(number);
    if (known) known.push(value);
    else fields.set(number, [value]);
  }
  return fields;
}

export const textOf = (message: Message, field: number): string => bytesOf(message, field).toString();
export const numberOf = (message: Message, field: number): number => {
  const value = message.get(field)?.at(-1);
  return typeof value === 'number' ? value : 0;
};
export const bytesOf = (message: Message, field: number): Buffer => {
  const value = message.get(field)?.at(-1);
  return value instanceof Buffer ? value : Buffer.alloc(0);
};
/** Every value of a repeated field of texts or bytes. */
export const listOf = (message: Message, field: number): readonly Buffer[] =>
  (message.get(field) ?? []).filter((value): value is Buffer => value instanceof Buffer);
/** Every value of a repeated message field. */
export const messagesOf = (message: Message, field: number): readonly Message[] =>
  listOf(message, field).map((value) => decode(value));
/** A `map<string, bytes>`. */
export const mapOf = (message: Message, field: number): ReadonlyMap<string, Buffer> =>
  new Map(messagesOf(message, field).map((entry) => [textOf(entry, 1), bytesOf(entry, 2)]));
/** A `map<string, string>`. */
export const textMapOf = (message: Message, field: number): ReadonlyMap<string, string> =>
  new Map(messagesOf(message, field).map((entry) => [textOf(entry, 1), textOf(entry, 2)]));

/** A message by field number. Empty texts and bytes are left out, as they mean the same; those of a list are kept. */
export function encode(fields: Readonly<Record<number, Value>>): Buffer {
  const parts: Buffer[] = [];
  const put = (number: number, value: string | Uint8Array): void => {
    const bytes = Buffer.from(value);
    parts.push(varintBytes(number * 8 + BYTES), varintBytes(bytes.length), bytes);
  };
  for (const [key, value] of Object.entries(fields)) {
    const number = Number(key);
    if (value === undefined || value === false) continue;
    if (typeof value === 'number' || value === true)
      parts.push(varintBytes(number * 8 + VARINT), varintBytes(Number(value)));
    else if (typeof value === 'string' || value instanceof Uint8Array) {
      if (value.length > 0) put(number, value);
    } else for (const one of value) put(number, one);
  }
  return Buffer.concat(parts);
}

/** The value of a `map<string, string>` or `map<string, bytes>` field. */
export const mapEntries = (entries: Iterable<readonly [string, string | Uint8Array]>): Buffer[] =>
  [...entries].map(([key, value]) => encode({ 1: key, 2: value }));

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
