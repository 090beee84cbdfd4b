import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { forwardQuery } from '../../src/network/dns/forward.ts';
import {
  encodeResponse,
  nameData,
  parseQuery,
  RCODE,
  reverseName,
  TYPE,
  udpLimit,
} from '../../src/network/dns/packet.ts';
import { resolve } from '../../src/network/dns/resolve.ts';
import { EmbeddedDns, nameservers } from '../../src/network/dns/server.ts';
import { buildNameTable, type NamedEndpoint, rotated } from '../../src/network/dns/table.ts';

function query(name: string, type: number = TYPE.A, id = 7): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(0x0100, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(1, 2);
  return Buffer.concat([head, nameData(name), tail]);
}

const question = (name: string, type?: number) => {
  const parsed = parseQuery(query(name, type));
  if (!parsed) throw new Error('not a query');
  return parsed;
};

/** Code, truncation and the data of the answers, which follow the question one after the other. */
function read(
  message: Buffer,
  asked: Buffer,
): { rcode: number; truncated: boolean; ttl: number | undefined; data: string[] } {
  const flags = message.readUInt16BE(2);
  const data: string[] = [];
  let ttl: number | undefined;
  let offset = asked.length;
  for (let n = message.readUInt16BE(6); n > 0; n--) {
    ttl = message.readUInt32BE(offset + 6);
    const length = message.readUInt16BE(offset + 10);
    data.push([...message.subarray(offset + 12, offset + 12 + length)].join('.'));
    offset += 12 + length;
  }
  return { rcode: flags & 0xf, truncated: (flags & 0x0200) !== 0, ttl, data };
}

const endpoint = (network: string, address: string, name: string, ...names: string[]): NamedEndpoint => ({
  network,
  networkName: `shop_${network}`,
  address,
  name,
  names: [name, ...names],
});

// web and both dbs share "back"; web is on "front" too, where proxy is.
const table = buildNameTable(
  [
    endpoint('front', '172.18.0.2', 'proxy-1', 'proxy'),
    endpoint('front', '172.18.0.3', 'web-1', 'web'),
    endpoint('back', '172.19.0.2', 'web-1', 'web'),
    endpoint('back', '172.19.0.3', 'db-1', 'db'),
    endpoint('back', '172.19.0.4', 'db-2', 'DB'),
  ],
  new Map([
    ['172.18.0.2', ['front']],
    ['172.18.0.3', ['front', 'back']],
    ['172.19.0.2', ['front', 'back']],
    ['172.19.0.3', ['back']],
    ['172.19.0.4', ['back']],
  ]),
  [{ asker: '172.19.0.3', name: 'Frontend', address: '172.19.0.2' }],
);

describe('who is called what', () => {
  test('a name gives every container that has it, in any case', () => {
    expect(table.lookup('172.18.0.3', 'db')?.v4).toEqual(['172.19.0.3', '172.19.0.4']);
    expect(table.lookup('172.18.0.3', 'db.shop_back')?.v4).toEqual(['172.19.0.3', '172.19.0.4']);
  });

  test('a container sees the names of its own networks and no others', () => {
    expect(table.lookup('172.18.0.2', 'db')).toBeUndefined();
    expect(table.lookup('172.18.0.2', 'web')?.v4).toEqual(['172.18.0.3']);
    expect(table.lookup('10.9.9.9', 'web')).toBeUndefined();
  });

  test('a link is known to the container that has it', () => {
    expect(table.lookup('172.19.0.3', 'frontend')?.v4).toEqual(['172.19.0.2']);
    expect(table.lookup('172.19.0.4', 'frontend')).toBeUndefined();
  });

  test('an address gives the name on the network it is on', () => {
    expect(table.reverse('172.18.0.3', '172.19.0.3')).toBe('db-1.shop_back');
    expect(table.reverse('172.18.0.2', '172.19.0.3')).toBeUndefined();
  });

  test('several addresses take turns', () => {
    expect([0, 1, 2].map((turn) => rotated(['a', 'b'], turn)[0])).toEqual(['a', 'b', 'a']);
    expect(rotated([], 5)).toEqual([]);
  });
});

describe('answers', () => {
  const ask = (name: string, type?: number, asker = '172.18.0.3', limit = 512) => {
    const resolution = resolve(table, question(name, type), { asker, limit, turn: 0 });
    return resolution.kind === 'forward' ? 'forward' : read(resolution.message, query(name, type));
  };

  test('an address, which nobody is to keep', () => {
    expect(ask('web', TYPE.A, '172.18.0.2')).toEqual({ rcode: 0, truncated: false, ttl: 0, data: ['172.18.0.3'] });
  });

  test('a known name without IPv6 is "no data", so that clients do not wait for others', () => {
    expect(ask('web', TYPE.AAAA)).toMatchObject({ rcode: 0, data: [] });
  });

  test('a name with IPv6 has an AAAA record, and its IPv6 address a name', () => {
    const six = { ...endpoint('six', '10.6.0.2', 'six-1', 'six'), address6: 'fd00:6::2' };
    const dual = buildNameTable([six], new Map([['10.6.0.2', ['six']]]));
    const answer = (name: string, type: number) => {
      const resolution = resolve(dual, question(name, type), { asker: '10.6.0.2', limit: 512, turn: 0 });
      return resolution.kind === 'answer' ? read(resolution.message, query(name, type)).data : undefined;
    };
    expect(answer('six', TYPE.A)).toEqual(['10.6.0.2']);
    expect(answer('six', TYPE.AAAA)).toEqual(['253.0.0.6.0.0.0.0.0.0.0.0.0.0.0.2']);
    const reversed = `2.0.0.0.${'0.'.repeat(16)}0.0.0.0.6.0.0.0.0.0.d.f.ip6.arpa`;
    expect(answer(reversed, TYPE.PTR)).toEqual([[...nameData('six-1.shop_six')].join('.')]);
  });

  test('everything else is passed on', () => {
    expect(ask('example.org')).toBe('forward');
    expect(ask('9.9.9.9.in-addr.arpa', TYPE.PTR)).toBe('forward');
  });

  test('what does not fit is cut, and said to be', () => {
    const many = Array.from({ length: 60 }, (_, n) => endpoint('n', `10.0.0.${n + 1}`, `c-${n}`, 'all'));
    const big = buildNameTable(many, new Map([['10.0.0.1', ['n']]]));
    const resolution = resolve(big, question('all'), { asker: '10.0.0.1', limit: 512, turn: 0 });
    if (resolution.kind !== 'answer') throw new Error('not answered');
    const answer = read(resolution.message, query('all'));
    expect(resolution.message.length).toBeLessThanOrEqual(512);
    expect(answer.truncated).toBe(true);
    expect(answer.data.length).toBeGreaterThan(20);
  });
});

describe('packets', () => {
  test('malformed queries are no queries', () => {
    const good = query('web');
    const broken: Buffer[] = [
      Buffer.alloc(0),
      good.subarray(0, 11),
      good.subarray(0, good.length - 1),
      Buffer.concat([good.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]),
      Buffer.concat([good.subarray(0, 12), Buffer.from([60, 97])]),
      Buffer.concat([good.subarray(0, 12), Buffer.alloc(400, 1)]),
      encodeResponse(question('web'), RCODE.ok, [], 512),
    ];
    expect(broken.map(parseQuery)).toEqual(broken.map(() => undefined));
  });

  test('the name is compared in lower case and sent back as it came', () => {
    const parsed = parseQuery(query('WeB'));
    expect(parsed?.name).toBe('web');
    expect(parsed?.section.toString('latin1', 1, 4)).toBe('WeB');
  });

  test('a client that takes more says so', () => {
    const plain = query('web');
    const edns = Buffer.concat([plain, Buffer.from([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0])]);
    expect(udpLimit(plain, question('web'))).toBe(512);
    expect(udpLimit(edns, question('web'))).toBe(4096);
  });

  test('reverse names', () => {
    expect(reverseName('3.0.19.172.in-addr.arpa')).toBe('172.19.0.3');
    expect(reverseName('web')).toBeUndefined();
  });

  test('the servers of a resolv.conf', () => {
    expect(nameservers('# nameserver 1.1.1.1\nnameserver 10.0.0.1\nsearch a\n nameserver fe80::1%eth0\n')).toEqual([
      '10.0.0.1',
      'fe80::1%eth0',
    ]);
  });
});

describe('the server', () => {
  const servers: EmbeddedDns[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const serve = async (): Promise<{ dns: EmbeddedDns; port: number }> => {
    const dns = new EmbeddedDns({ upstream: () => [] });
    servers.push(dns);
    dns.swap(() => buildNameTable([endpoint('n', '127.0.0.1', 'self', 'me')], new Map([['127.0.0.1', ['n']]])));
    return { dns, port: await dns.listen('127.0.0.1') };
  };
  const askUdp = async (port: number, message: Buffer): Promise<Buffer> => {
    const socket = createSocket('udp4');
    socket.send(message, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return answer;
  };

  test('answers over UDP, and with another table from then on', async () => {
    const { dns, port } = await serve();
    expect(read(await askUdp(port, query('me')), query('me')).data).toEqual(['127.0.0.1']);
    dns.swap(() => buildNameTable([endpoint('n', '127.0.0.9', 'me')], new Map([['127.0.0.1', ['n']]])));
    expect(read(await askUdp(port, query('me')), query('me')).data).toEqual(['127.0.0.9']);
  });

  test('answers several questions on one TCP connection, even when they come in pieces', async () => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    const one = Buffer.concat([Buffer.from([0, query('me').length]), query('me', TYPE.A, 1)]);
    const two = Buffer.concat([Buffer.from([0, query('me').length]), query('me', TYPE.A, 2)]);
    const both = Buffer.concat([one, two]);
    let received = Buffer.alloc(0);
    const done = new Promise<void>((resolveDone) =>
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length === 2 * (received.readUInt16BE(0) + 2)) resolveDone();
      }),
    );
    socket.write(both.subarray(0, one.length + 5));
    socket.write(both.subarray(one.length + 5));
    await done;
    socket.destroy();
    const length = received.readUInt16BE(0) + 2;
    expect([received.readUInt16BE(2), received.readUInt16BE(length + 2)].sort()).toEqual([1, 2]);
  });

  test('a name that nobody can know does not exist', async () => {
    const { port } = await serve();
    expect(read(await askUdp(port, query('stranger')), query('stranger')).rcode).toBe(RCODE.noSuchName);
    expect(read(await askUdp(port, query('stranger.example')), query('stranger.example')).rcode).toBe(
      RCODE.serverFailure,
    );
  });

  test('who asks for what another server knows gets its answer, or is told nothing when this one has been closed', async () => {
    let ask = (): void => undefined;
    const asked = new Promise<void>((done) => {
      ask = done;
    });
    let tell: (servers: readonly string[]) => void = () => undefined;
    const upstream = new Promise<readonly string[]>((done) => {
      tell = done;
    });
    const dns = new EmbeddedDns({
      upstream: () => {
        ask();
        return upstream;
      },
    });
    const port = await dns.listen('127.0.0.1');
    const socket = createSocket('udp4').unref();
    socket.send(query('stranger.example'), port, '127.0.0.1');
    await asked;
    dns.close();
    // Nothing may be thrown from now on: there is nobody who would catch it.
    tell([]);
    expect(await upstream).toEqual([]);
    await new Promise((done) => setImmediate(done));
    socket.close();
  });
});

describe('other servers', () => {
  test('a server that there is no way to is passed over, and harms nobody', async () => {
    // To this address the kernel lets nobody connect who has not asked to broadcast.
    expect(await forwardQuery(query('a.example'), ['255.255.255.255'], false)).toBeUndefined();
  });
  test('the next one is asked at once where nobody listens, however an address is written', async () => {
    const socket = createSocket('udp4');
    socket.on('message', (message, from) => {
      const forged = Buffer.from(message);
      forged.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
      socket.send(forged, from.port, from.address);
      socket.send(message, from.port, from.address);
    });
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
    const { port } = socket.address();
    const started = performance.now();
    const answer = await forwardQuery(query('a.example'), ['127.0.0.2', '127.1'], false, port);
    // A server that is silent would have had 2.5 seconds.
    expect(performance.now() - started).toBeLessThan(2500);
    expect(answer).toEqual(query('a.example'));
    socket.close();
  });
});
