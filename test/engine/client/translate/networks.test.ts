import { describe, expect, it } from 'vitest';
import { endpoint, networkBody, networkFields } from '../../../../src/engine/client/translate/networks.ts';
import type { Attachment } from '../../../../src/engine/engine.ts';
import type { NetworkAttachment, Service } from '../../../../src/model.ts';

const service = (more: Partial<Service> = {}): Service => ({ name: 'web', command: null, entrypoint: null, ...more });
const attachment = (network: string, settings: NetworkAttachment = {}): Attachment => ({
  network,
  settings,
  aliases: ['web'],
});

describe("a container's networks", () => {
  it('go into create one by one before API 1.44', () => {
    const fields = networkFields(service(), [attachment('a'), attachment('b')], false);
    expect(fields.NetworkMode).toBe('a');
    expect(Object.keys(fields.endpoints)).toEqual(['a']);
    expect(fields.later.map(({ network }) => network)).toEqual(['b']);
  });

  it('go into create together from API 1.44 on', () => {
    const fields = networkFields(service(), [attachment('a'), attachment('b')], true);
    expect(Object.keys(fields.endpoints)).toEqual(['a', 'b']);
    expect(fields.later).toEqual([]);
  });

  it('are replaced by network_mode', () => {
    const fields = networkFields(service({ network_mode: 'container:abc' }), [], false);
    expect(fields).toEqual({ NetworkMode: 'container:abc', endpoints: {}, later: [], macAddress: undefined });
  });

  it('are none without attachments', () => {
    expect(networkFields(service(), [], false).NetworkMode).toBe('none');
  });

  it('carry the MAC address where the engine takes it', () => {
    const asked = service({ mac_address: '02:42:ac:11:00:01' });
    expect(networkFields(asked, [attachment('a')], false)).toMatchObject({ macAddress: '02:42:ac:11:00:01' });
    const modern = networkFields(asked, [attachment('a')], true);
    expect(modern.macAddress).toBeUndefined();
    expect(modern.endpoints.a).toMatchObject({ MacAddress: '02:42:ac:11:00:01' });
    const own = networkFields(service(), [attachment('a', { mac_address: '02:42:ac:11:00:02' })], false);
    expect(own.macAddress).toBe('02:42:ac:11:00:02');
  });
});

it('puts every setting of an attachment into its endpoint', () => {
  const settings: NetworkAttachment = {
    ipv4_address: '10.1.0.5',
    ipv6_address: 'fd00::5',
    link_local_ips: ['169.254.1.1'],
    mac_address: '02:42:ac:11:00:03',
    driver_opts: { k: 'v' },
    interface_name: 'eth7',
    gw_priority: 10,
    priority: 5,
  };
  expect(endpoint({ network: 'a', settings, aliases: ['web', 'www'], links: ['shop-db-1:db'] })).toEqual({
    Aliases: ['web', 'www'],
    Links: ['shop-db-1:db'],
    IPAMConfig: { IPv4Address: '10.1.0.5', IPv6Address: 'fd00::5', LinkLocalIPs: ['169.254.1.1'] },
    IPAddress: '10.1.0.5',
    MacAddress: '02:42:ac:11:00:03',
    DriverOpts: { k: 'v', 'com.docker.network.endpoint.ifname': 'eth7' },
    GwPriority: 10,
  });
});

describe('the body that creates a network', () => {
  it('is the name and the labels for a plain one', () => {
    expect(networkBody({ name: 'shop_default' }, { a: 'b' })).toEqual({
      Name: 'shop_default',
      CheckDuplicate: true,
      Labels: { a: 'b' },
    });
  });

  it('holds every attribute', () => {
    const body = networkBody(
      {
        name: 'n',
        driver: 'macvlan',
        driver_opts: { parent: 'eth0' },
        internal: true,
        attachable: true,
        enable_ipv4: true,
        enable_ipv6: false,
        labels: { own: '1' },
        ipam: {
          driver: 'default',
          config: [
            {
              subnet: '10.5.0.0/16',
              gateway: '10.5.0.1',
              ip_range: '10.5.5.0/24',
              aux_addresses: { host1: '10.5.0.9' },
            },
          ],
        },
      },
      { ours: '2' },
    );
    expect(body).toEqual({
      Name: 'n',
      CheckDuplicate: true,
      Labels: { own: '1', ours: '2' },
      Driver: 'macvlan',
      Options: { parent: 'eth0' },
      Internal: true,
      Attachable: true,
      EnableIPv6: false,
      EnableIPv4: true,
      IPAM: {
        Driver: 'default',
        Config: [
          {
            Subnet: '10.5.0.0/16',
            IPRange: '10.5.5.0/24',
            Gateway: '10.5.0.1',
            AuxiliaryAddresses: { host1: '10.5.0.9' },
          },
        ],
      },
    });
  });
});
