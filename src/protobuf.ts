// As much of protocol buffers as a build session speaks: reading and writing fields by number.

export type Field = number | Buffer;
export type Message = ReadonlyMap<number, readonly Field[]>;

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/**
 * The fields of a message, each with all its values in order.
 * @throws RangeError when the bytes end in the middle of one.
 */
export function decode(bytes: Buffer): Message {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      // Beyond 2^53 the value is a count of nanoseconds or the like, where the last digits do not matter.
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('a message ends in the middle of a field');
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
    fields.set(number, [...(fields.get(number) ?? []), value]);
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
/** Every value of a repeated message field. */
export const messagesOf = (message: Message, field: number): readonly Message[] =>
  (message.get(field) ?? []).flatMap((value) => (value instanceof Buffer ? [decode(value)] : []));

/** A message of texts and bytes, by field number; empty ones are left out, as they mean the same. */
export function encode(fields: Readonly<Record<number, string | Uint8Array | number>>): Buffer {
  const parts: Buffer[] = [];
  for (const [number, value] of Object.entries(fields)) {
    if (typeof value === 'number') parts.push(varintBytes(Number(number) * 8 + VARINT), varintBytes(value));
    else {
      const bytes = Buffer.from(value);
      if (bytes.length > 0) parts.push(varintBytes(Number(number) * 8 + BYTES), varintBytes(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
