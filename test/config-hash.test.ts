// The hashes in test/fixtures/config-hash were printed by docker compose 2.40.3 (`config --hash`), or are the labels it put on
// what `create` made on a Docker Engine 20.10.24.
import { describe, expect, it } from 'vitest';
import { networkHash, serviceHash, volumeHash } from '../src/config-hash.ts';
import type { Network, Service, Volume } from '../src/model.ts';
import hashes from './fixtures/config-hash/hashes.json' with { type: 'json' };

describe('the config hash of docker compose', () => {
  it.each(hashes.services.map(({ name, hash, service }) => [name, hash, service] as const))(
    'of a service: %s',
    (_, hash, service) => {
      expect(serviceHash({ name: 'web', ...service } as unknown as Service)).toBe(hash);
    },
  );

  it.each(hashes.networks.map(({ name, hash, network }) => [name, hash, network] as const))(
    'of a network: %s',
    (_, hash, network) => {
      expect(networkHash(network as unknown as Network)).toBe(hash);
    },
  );

  it.each(hashes.volumes.map(({ name, hash, volume }) => [name, hash, volume] as const))(
    'of a volume: %s',
    (_, hash, volume) => {
      expect(volumeHash(volume as unknown as Volume)).toBe(hash);
    },
  );

  it('does not depend on what says how a service is got, scaled or ordered', () => {
    const service: Service = { name: 'web', command: null, entrypoint: null, image: 'busybox' };
    const changed: Service = {
      ...service,
      name: 'other',
      build: { context: '.' },
      pull_policy: 'always',
      scale: 3,
      depends_on: { db: { condition: 'service_started', required: true } },
      profiles: ['debug'],
      'x-note': 'hello',
    };
    expect(serviceHash(changed)).toBe(serviceHash(service));
  });

  it('does not depend on the order of keys or on values that mean nothing', () => {
    const one: Service = { name: 'web', command: null, entrypoint: null, labels: { b: '1', a: '2' }, tty: false };
    const other: Service = { entrypoint: null, labels: { a: '2', b: '1' }, command: null, name: 'web', restart: '' };
    expect(serviceHash(one)).toBe(serviceHash(other));
  });
});
