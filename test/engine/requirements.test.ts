import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/engine/engine.ts';
import {
  apiAtLeast,
  betterBuilder,
  builderFor,
  buildRequirements,
  primaryNetwork,
  requirements,
} from '../../src/engine/requirements.ts';
import type { Network, Service } from '../../src/model.ts';

const capabilities = (apiVersion: string, kind: Capabilities['kind'] = 'docker'): Capabilities => ({
  ...{ kind, engineVersion: '', apiVersion, os: 'linux', architecture: 'amd64', builder: 'classic' },
  ...{ multiNetworkCreate: false, startInterval: false, endpointMac: false, volumeSubpath: false },
  ...{ imageMounts: false, gatewayPriority: false, interfaceName: false },
});

const said = (
  service: Partial<Service>,
  apiVersion = '1.41',
  networks: Record<string, Network> = {},
  kind: Capabilities['kind'] = 'docker',
): string[] => {
  const web: Service = { name: 'web', command: null, entrypoint: null, ...service };
  return requirements({ services: { web }, networks }, capabilities(apiVersion, kind)).map(
    ({ severity, message }) => `${severity}: ${message}`,
  );
};

describe('what an engine of API 1.41 lacks', () => {
  it.each<[Partial<Service>, RegExp]>([
    [
      { healthcheck: { test: ['CMD', 'x'], start_interval: '1s', start_period: '5s' } },
      /^error: service "web": healthcheck.start_interval needs engine API 1.44 \(Docker Engine 25\); this engine speaks 1.41$/,
    ],
    [
      { volumes: [{ type: 'image', source: 'i', target: '/i' }] },
      /^error: .*volumes \(target "\/i"\): type "image" needs engine API 1.48/,
    ],
    [
      { volumes: [{ type: 'volume', source: 'v', target: '/v', volume: { subpath: 's' } }] },
      /^error: .*volume.subpath needs engine API 1.45/,
    ],
    [
      { volumes: [{ type: 'bind', source: '/s', target: '/v', bind: { recursive: 'readonly' } }] },
      /^error: .*bind.recursive: readonly needs engine API 1.44/,
    ],
    [{ networks: { a: { interface_name: 'eth9' } } }, /^error: .*networks.a.interface_name needs engine API 1.49/],
    [
      { networks: { a: { gw_priority: 1 } } },
      /^warning: .*networks.a.gw_priority needs engine API 1.48.* and ignores it$/,
    ],
    [
      { networks: { a: { mac_address: 'x' }, b: { mac_address: 'y' } } },
      /^error: .*networks.a.mac_address with networks.b.mac_address needs engine API 1.44/,
    ],
    [{ networks: { a: null, b: { mac_address: 'y' } } }, /^error: .*networks.b.mac_address needs engine API 1.44/],
    [{ annotations: { a: 'b' } }, /^warning: .*annotations needs engine API 1.43/],
  ])('%o', (service, expected) => {
    const messages = said(service);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(expected);
    expect(said(service, '1.49')).toEqual([]);
  });

  it('is nothing for a plain service, a disabled check and one MAC address on the primary network', () => {
    expect(said({ image: 'x', networks: { a: null } })).toEqual([]);
    expect(said({ healthcheck: { disable: true, start_interval: '1s' } })).toEqual([]);
    expect(said({ networks: { a: { mac_address: 'x' }, b: null } })).toEqual([]);
  });

  it("includes networks without IPv4, unless they are someone else's", () => {
    expect(said({}, '1.41', { n: { name: 'n', enable_ipv4: false } })).toEqual([
      'error: network "n": enable_ipv4: false needs engine API 1.47 (Docker Engine 27.5); this engine speaks 1.41',
    ]);
    expect(said({}, '1.41', { n: { name: 'n', enable_ipv4: false, external: true } })).toEqual([]);
  });
});

describe('what no engine can do', () => {
  it('is said whatever the version', () => {
    expect(said({ healthcheck: { start_interval: '1s' } }, '1.51')).toEqual([
      'error: service "web": healthcheck.start_interval requires healthcheck.start_period to be set',
    ]);
    expect(said({ mac_address: 'x', networks: { a: { mac_address: 'y' } } }, '1.51')).toEqual([
      'error: service "web": mac_address differs from networks.a.mac_address',
    ]);
  });

  it('includes links on Podman', () => {
    expect(said({ links: ['db'] }, '1.41', {}, 'podman')).toEqual(['warning: service "web": Podman has no links']);
  });
});

it('compares API versions by number', () => {
  expect(apiAtLeast('1.9', '1.41')).toBe(false);
  expect(apiAtLeast('1.41', '1.41')).toBe(true);
  expect(apiAtLeast('2.0', '1.41')).toBe(true);
});

it('takes the network of the highest priority as the primary one, then the first by name', () => {
  const web: Service = {
    name: 'web',
    command: null,
    entrypoint: null,
    networks: { b: null, a: null, c: { priority: 5 } },
  };
  expect(primaryNetwork(web)).toBe('c');
  expect(primaryNetwork({ ...web, networks: { b: null, a: {} } })).toBe('a');
});

describe('builds', () => {
  it('tell which attributes need BuildKit or buildx', () => {
    const build = {
      secrets: [{ source: 's' }],
      ssh: ['default'],
      cache_to: ['x'],
      platforms: ['a', 'b'],
      args: { A: '1' },
      cache_from: ['y'],
    };
    expect(buildRequirements(build, 'buildx')).toEqual([]);
    expect(buildRequirements(build, 'buildkit')).toEqual(['cache_to', 'platforms']);
    expect(buildRequirements(build, 'classic')).toEqual(['secrets', 'ssh', 'cache_to', 'platforms']);
    expect(buildRequirements({ provenance: 'false', sbom: 'false', platforms: ['linux/amd64'] }, 'classic')).toEqual(
      [],
    );
  });

  it('fall to the classic builder for what the API does not hand to BuildKit', () => {
    expect(builderFor({ network: 'host', isolation: 'default' }, 'buildkit')).toBe('buildkit');
    for (const build of [{ shm_size: '1' }, { ulimits: { nofile: 1 } }, { isolation: 'hyperv' }, { network: 'mine' }])
      expect(builderFor(build, 'buildkit')).toBe('classic');
    expect(builderFor({ shm_size: '1' }, 'buildx')).toBe('buildx');
  });

  it('say what would do it', () => {
    expect(betterBuilder('buildkit').needs).toBe('docker buildx');
    expect(betterBuilder('classic').needs).toBe('BuildKit');
  });
});
