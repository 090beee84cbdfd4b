// DNS messages (RFC 1035) as far as the embedded resolver reads and writes them. Pure; what is malformed gives undefined.
import { formatAddress6, parseAddress6 } from '../cidr6.ts';

export const TYPE = { A: 1, PTR: 12, AAAA: 28, ANY: 255 } as const;
export const RCODE = { ok: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4 } as const;
const CLASS_IN = 1;
const HEADER = 12;
/** Largest answer over UDP to a client that does not say what it can take. */
export const UDP_LIMIT = 512;

export interface Question {
  readonly id: number;
  /** Bits of the second word of the header, as they came. */
  readonly flags: number;
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question section as it came, case kept: it is sent back so. */
  readonly section: Buffer;
}

export interface Answer {
  readonly type: number;
  readonly data: Buffer;
}

/** Reads a query with exactly one question; undefined when it is not one. */
export function parseQuery(message: Buffer): Question | undefined {
  if (message.length < HEADER) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let offset = HEADER;
  for (;;) {
    const length = message[offset];
    if (length === undefined || length > 63 || offset - HEADER > 255) return undefined;
    offset += 1;
    if (length === 0) break;
    if (offset + length > message.length) return undefined;
    labels.push(message.toString('latin1', offset, offset + length));
    offset += length;
  }
  if (offset + 4 > message.length) return undefined;
  return {
    id: message.readUInt16BE(0),
    flags,
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(offset),
    class: message.readUInt16BE(offset + 2),
    section: message.subarray(HEADER, offset + 4),
  };
}

export const isInternet = (question: Question): boolean => question.class === CLASS_IN || question.class === TYPE.ANY;

/** Standard queries have operation code 0. */
export const isStandardQuery = (question: Question): boolean => ((question.flags >> 11) & 0xf) === 0;

/**
 * A response. Containers change address, so nothing of it may be kept: TTL 0. Answers that do not fit `limit` are left out
 * and the message is marked as truncated, so that the client asks again over TCP.
 */
export function encodeResponse(
  question: Question,
  rcode: number,
  answers: readonly Answer[],
  limit: number,
  ttl = 0,
): Buffer {
  const records: Buffer[] = [];
  let size = HEADER + question.section.length;
  let truncated = false;
  for (const answer of answers) {
    const record = encodeRecord(answer, ttl);
    if (size + record.length > limit) {
      truncated = true;
      break;
    }
    size += record.length;
    records.push(record);
  }
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(question.id, 0);
  const recursionDesired = question.flags & 0x0100;
  header.writeUInt16BE(0x8000 | (truncated ? 0x0200 : 0) | recursionDesired | 0x0080 | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question.section, ...records]);
}

/** A record for the name in the question, which is pointed to. */
function encodeRecord(answer: Answer, ttl: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER, 0);
  head.writeUInt16BE(answer.type, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(answer.data.length, 10);
  return Buffer.concat([head, answer.data]);
}

/** `172.18.0.2` → the four bytes of an A record, `fd00::2` → the sixteen of an AAAA record. */
export const addressData = (address: string): Buffer =>
  address.includes(':')
    ? Buffer.from((parseAddress6(address) ?? 0n).toString(16).padStart(32, '0'), 'hex')
    : Buffer.from(address.split('.').map(Number));

/** A name as labels; for PTR records. */
export function nameData(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1').subarray(0, 63);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** `2.0.18.172.in-addr.arpa` → `172.18.0.2`, 32 digits and `.ip6.arpa` → `fd00::2`; undefined for other names. */
export function reverseName(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (match) return `${match[4]}.${match[3]}.${match[2]}.${match[1]}`;
  const digits = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  return digits === undefined ? undefined : formatAddress6(BigInt(`0x${digits.split('.').reverse().join('')}`));
}

/** The UDP payload size of an EDNS record at the end of a query, or the limit without one. */
export function udpLimit(message: Buffer, question: Question): number {
  const offset = HEADER + question.section.length;
  const hasOpt = message.length >= offset + 11 && message[offset] === 0 && message.readUInt16BE(offset + 1) === 41;
  return hasOpt ? Math.min(Math.max(message.readUInt16BE(offset + 3), UDP_LIMIT), 4096) : UDP_LIMIT;
}
