// Lines for ip(8) as messages to the kernel: their layout, and which lines have one.
import { expect, test } from 'vitest';
import { configurePort, createBridge, type PortPlan, plugPort } from '../../src/network/bridge.ts';
import { parseAddress } from '../../src/network/cidr.ts';
import { deleteGroup, groupLink, netlinkOf } from '../../src/network/ip-lines.ts';
import { attribute, message, NEW_LINK, type NetlinkMessage, text, u32 } from '../../src/network/netlink.ts';

const port: PortPlan = {
  bridge: 'wl-0123456789ab',
  hostInterface: 'wv0123456789a',
  interfaceName: 'eth0',
  mac: '02:42:ac:12:00:02',
  address: parseAddress('172.18.0.2') ?? 0,
  prefix: 16,
  mtu: 1400,
  defaultGateway: parseAddress('172.18.0.1') ?? 0,
  dnsGateway: parseAddress('172.18.0.1') ?? 0,
};

function compiled(line: string): NetlinkMessage {
  const found = netlinkOf(line);
  if (!found) throw new Error(`no message for "${line}"`);
  return found;
}

const hexOf = (line: string): string => compiled(line).bytes.toString('hex');

test('a message has its length, kind and flags first; attributes are padded to four bytes', () => {
  const { bytes } = message(NEW_LINK, 0, u32(7), attribute(3, text('eth0')));
  expect(bytes.toString('hex')).toBe(
    // length 32, kind 16, REQUEST|ACK, sequence, port; 7; attribute of 9 bytes, number 3, "eth0", padding
    '20000000100005000000000000000000' + '07000000' + '0900030065746830' + '00000000',
  );
});

test('every line of a container’s port, and of its bridge, has a message of the length it says', () => {
  const bridge = createBridge({
    bridge: port.bridge,
    gateway: parseAddress('172.18.0.1') ?? 0,
    subnet: { base: parseAddress('172.18.0.0') ?? 0, prefix: 16 },
    mtu: 1400,
  });
  const lines = [bridge, plugPort(port, '/run/windlass/netns'), configurePort(port)].join('').trim().split('\n');
  expect(lines).toHaveLength(10);
  for (const line of lines) {
    const { bytes } = compiled(line);
    expect(bytes.readUInt32LE(0), line).toBe(bytes.length);
    expect(bytes.length % 4, line).toBe(0);
  }
});

test('what only the kernel knows is left open, at the place where it belongs', () => {
  const veth = compiled('link add wv1 type veth peer name eth0 address 02:42:ac:12:00:02 netns /run/ns');
  expect(veth.references).toEqual([{ offset: veth.bytes.length - 4, kind: 'namespace', name: '/run/ns' }]);
  const plugged = compiled('link set wv1 master wl-1 up');
  expect(plugged.references).toEqual([
    { offset: 20, kind: 'interface', name: 'wv1' },
    { offset: 36, kind: 'interface', name: 'wl-1' },
  ]);
});

test('addresses and routes say what ip(8) says', () => {
  // ifaddrmsg: family, prefix; IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST
  expect(hexOf('addr add 172.18.0.2/16 broadcast + dev eth0').slice(32)).toBe(
    '0210000000000000' + '08000200ac120002' + '08000100ac120002' + '08000400ac12ffff',
  );
  expect(hexOf('addr add 10.0.0.1/31 broadcast + dev eth0')).not.toContain('08000400');
  // rtmsg: table main, protocol boot, scope universe, unicast; RTA_GATEWAY, RTA_OIF
  expect(hexOf('route replace default via 172.18.0.1 dev eth0').slice(32)).toBe(
    '02000000fe030001' + '00000000' + '08000500ac120001' + '0800040000000000',
  );
  expect(hexOf('route replace 127.0.0.11 via 172.18.0.1 dev eth0 table local').slice(32, 48)).toBe('02200000ff030001');
  expect(hexOf('route replace default dev eth0').slice(32, 48)).toBe('02000000fe03fd01');
});

test.each([
  'addr add fd00::2/64 dev eth0 nodad',
  'link add eth0 link enp1s0 type macvlan mode bridge',
  'route replace default via fd00::1 dev eth0',
  'addr add 999.1.1.1/16 dev eth0',
  'route replace 1.2.3 via 172.18.0.1 dev eth0',
])('%s is left to ip(8)', (line) => {
  expect(netlinkOf(line)).toBeUndefined();
});

test('a group is joined by one interface at a time and deleted as a whole', () => {
  expect(groupLink('wv1', 77).references).toEqual([{ offset: 20, kind: 'interface', name: 'wv1' }]);
  const { bytes, references } = deleteGroup(77);
  expect(references).toEqual([]);
  expect(bytes.subarray(-8).toString('hex')).toBe('08001b004d000000');
});
