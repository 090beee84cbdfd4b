// Messages of rtnetlink, by which interfaces, addresses and routes are changed without starting ip(8). Pure.
// Layout: linux/netlink.h, linux/rtnetlink.h, linux/if_link.h; numbers are in the machine's own order, little-endian on every
// architecture the engine knows.

/** Something only the kernel knows, put into a message just before it is sent. */
export interface Reference {
  /** Where in the message its 32-bit number goes. */
  readonly offset: number;
  /** The index of an interface by its name, or an open file of a network namespace by its path. */
  readonly kind: 'interface' | 'namespace';
  readonly name: string;
}

export interface NetlinkMessage {
  readonly bytes: Buffer;
  readonly references: readonly Reference[];
}

/** Bytes with the references among them. */
export type Piece = NetlinkMessage;

export const NEW_LINK = 16;
export const DELETE_LINK = 17;
export const NEW_ADDRESS = 20;
export const NEW_ROUTE = 24;

const REQUEST = 0x01;
const ACKNOWLEDGE = 0x04;
export const REPLACE = 0x100;
export const EXCLUSIVE = 0x200;
export const CREATE = 0x400;

const HEADER_BYTES = 16;

/** One message: its kind, what it does to what exists, and its body. */
export function message(kind: number, flags: number, ...body: readonly Piece[]): NetlinkMessage {
  const content = joined(body);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + content.bytes.length, 0);
  header.writeUInt16LE(kind, 4);
  header.writeUInt16LE(REQUEST | ACKNOWLEDGE | flags, 6);
  return joined([plain(header), content]);
}

/** An attribute: length, number, content, and zeroes up to the next multiple of four. */
export function attribute(number: number, ...content: readonly Piece[]): Piece {
  const inner = joined(content);
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + inner.bytes.length, 0);
  header.writeUInt16LE(number, 2);
  return joined([plain(header), inner, plain(Buffer.alloc(-inner.bytes.length & 3))]);
}

export const u8 = (value: number): Piece => plain(Buffer.of(value));

export const u32 = (value: number): Piece => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return plain(bytes);
};

/** An address in the network's order. */
export const ipv4 = (address: number): Piece => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return plain(bytes);
};

export const text = (value: string): Piece => plain(Buffer.from(`${value}\0`));

export const mac = (value: string): Piece => plain(Buffer.from(value.replaceAll(':', ''), 'hex'));

/** Four bytes that hold the index of an interface when the message is sent. */
export const interfaceIndex = (name: string): Piece => reference('interface', name);

/** Four bytes that hold an open file of the namespace when the message is sent. */
export const namespaceFile = (path: string): Piece => reference('namespace', path);

/** `struct ifinfomsg`; without an interface it is about one that is named in an attribute. */
export const linkHeader = (name: string | undefined, up: boolean): Piece =>
  joined([u32(0), name === undefined ? u32(0) : interfaceIndex(name), u32(up ? 1 : 0), u32(up ? 1 : 0)]);

/** `struct ifaddrmsg` of an IPv4 address. */
export const addressHeader = (prefix: number, name: string): Piece =>
  joined([plain(Buffer.of(AF_INET, prefix, 0, 0)), interfaceIndex(name)]);

/** `struct rtmsg` of an IPv4 unicast route. */
export const routeHeader = (prefix: number, table: number, scope: number): Piece =>
  joined([plain(Buffer.of(AF_INET, prefix, 0, 0, table, PROTOCOL_BOOT, scope, UNICAST)), u32(0)]);

const AF_INET = 2;
/** Who made a route: an administrator's tool, as ip(8) says too. */
const PROTOCOL_BOOT = 3;
const UNICAST = 1;

const plain = (bytes: Buffer): Piece => ({ bytes, references: [] });

const reference = (kind: Reference['kind'], name: string): Piece => ({
  bytes: Buffer.alloc(4),
  references: [{ offset: 0, kind, name }],
});

function joined(pieces: readonly Piece[]): Piece {
  const references: Reference[] = [];
  let offset = 0;
  for (const piece of pieces) {
    for (const one of piece.references) references.push({ ...one, offset: one.offset + offset });
    offset += piece.bytes.length;
  }
  return { bytes: Buffer.concat(pieces.map((piece) => piece.bytes)), references };
}
