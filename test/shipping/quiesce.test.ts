// What brings volumes to rest: hooks where they are declared, pauses for the others, nothing for who only reads.
import { expect, it } from 'vitest';
import type { ObservedContainer } from '../../src/engine/engine.ts';
import { LABEL } from '../../src/names.ts';
import { planQuiet, snapshotHook } from '../../src/shipping/volumes/quiesce.ts';
import { aProject } from '../support/project-builder.ts';

const container = (
  service: string,
  volume: string,
  more: Partial<ObservedContainer> = {},
  readWrite = true,
): ObservedContainer => ({
  ...{ id: `id-${service}`, name: service, image: '', imageId: '', command: '', state: 'running', health: undefined },
  ...{ exitCode: undefined, status: '', createdAt: 0, networks: {}, ports: [] },
  labels: { [LABEL.service]: service },
  mounts: [{ type: 'volume', name: volume, source: '', target: '/data', readWrite }],
  ...more,
});

const hook = { service: 'db', before: ['flush'], after: ['go'] };
const shop = aProject({
  services: { db: {}, web: {}, reader: {} },
  volumes: {
    data: { name: 'shop_data' },
    files: { name: 'shop_files' },
    hooked: { name: 'shop_hooked', 'x-windlass': { snapshot: hook } },
  },
});

it('pauses who may write, once, and nobody else', () => {
  const containers = [
    container('web', 'shop_data'),
    container('db', 'shop_files'),
    container('reader', 'shop_files', {}, false),
    container('stopped', 'shop_files', { state: 'exited' }),
    container('stranger', 'other'),
  ];
  expect(planQuiet(shop, ['data', 'files'], containers)).toEqual({ pause: ['id-db', 'id-web'], hooks: [] });
  expect(planQuiet(shop, ['data'], containers)).toEqual({ pause: ['id-web'], hooks: [] });
});

it('a declared hook takes the place of the pause', () => {
  const containers = [container('db', 'shop_hooked'), container('web', 'shop_hooked')];
  expect(planQuiet(shop, ['hooked'], containers)).toEqual({ pause: [], hooks: [{ container: 'id-db', hook }] });
  expect(planQuiet(shop, ['hooked'], [])).toEqual({ pause: [], hooks: [] });
  expect(() => planQuiet(shop, ['hooked'], containers.slice(1))).toThrow('names service "db", which does not run');
});

it.each([[{}], [{ service: 'db', before: 'text' }], [{ before: [] }], [null], [{ service: 'db', after: [1] }]])(
  'refuses a hook %j',
  (snapshot) => {
    expect(() => snapshotHook('data', { name: 'x', 'x-windlass': { snapshot } })).toThrow(
      'volumes.data.x-windlass.snapshot is not {service, before, after}',
    );
  },
);

it('is undefined where nothing is declared', () => {
  expect(snapshotHook('data', { name: 'x' })).toBeUndefined();
  expect(snapshotHook('data', { name: 'x', 'x-windlass': { other: 1 } })).toBeUndefined();
});
