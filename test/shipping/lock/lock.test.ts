// The lock: what it covers, how it is applied, which tags count as later.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { lockText, parseLock } from '../../../src/cli/lock/lock-store.ts';
import { applyLock } from '../../../src/shipping/lock/apply-lock.ts';
import { compareLocks, describeChanges } from '../../../src/shipping/lock/compare-locks.ts';
import type { LockFile } from '../../../src/shipping/lock/lock-file.ts';
import { newerTags } from '../../../src/shipping/lock/newer-tags.ts';
import { wantedImages } from '../../../src/shipping/lock/wanted-images.ts';
import { aProject } from '../../support/project-builder.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const image = (digit: string, ...usedBy: string[]) => ({
  digest: digest(digit),
  platforms: { 'linux/arm64': digest('e'), 'linux/amd64': digest('d') },
  usedBy,
});
const lock: LockFile = {
  images: { 'busybox:latest': image('1', 'web', 'api'), 'base:2': image('2', 'build of app') },
  includes: {},
};

const build = {
  service: 'app',
  dockerfile: 'FROM base:2\n',
  references: ['base:2'],
  options: { args: {}, contexts: [] },
};
const shop = aProject({
  services: {
    web: { image: 'busybox' },
    api: { image: 'docker.io/library/busybox:latest' },
    app: { image: 'shop/app', build: { context: '/app', dockerfile: 'Dockerfile.prod' } },
    fixed: { image: `redis@${digest('9')}` },
  },
});

it('wants every image once, with who needs it; built ones and pinned ones not', () => {
  expect(wantedImages(shop, [build])).toEqual([
    { reference: 'base:2', usedBy: ['build of app'] },
    { reference: 'busybox:latest', usedBy: ['api', 'web'] },
  ]);
});

it('wants nothing that the project builds itself, under whatever name it is used', () => {
  const project = aProject({
    services: {
      app: { image: 'shop/app', build: { context: '/app', tags: ['shop/app:old'] } },
      worker: { image: 'docker.io/shop/app:latest' },
      former: { image: 'shop/app:old' },
      nameless: { build: { context: '/other' } },
      above: { image: `${aProject({}).name}-nameless` },
    },
  });
  const above = { ...build, references: ['shop/app', 'base:2'] };
  expect(wantedImages(project, [above])).toEqual([{ reference: 'base:2', usedBy: ['build of app'] }]);
});

it('pins images that builds take as contexts, and marks the build with what it begins from', () => {
  const tools = { ...build, references: ['base:2', 'busybox'], options: { args: {}, contexts: ['tools'] } };
  const labelWith = (held: LockFile): unknown => {
    const contexts = { tools: 'docker-image://busybox', files: './files' };
    const project = aProject({
      services: { app: { build: { context: '/app', labels: { a: 'b' }, additional_contexts: contexts } } },
    });
    const { app } = applyLock(project, held, [tools]).services;
    const pinned = `docker-image://busybox:latest@${held.images['busybox:latest']?.digest}`;
    expect(app?.build?.additional_contexts).toEqual({ tools: pinned, files: './files' });
    expect(app?.build?.labels).toMatchObject({ a: 'b' });
    return app?.build?.labels?.['io.windlass.locked-bases'];
  };
  expect(labelWith(lock)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(labelWith(lock)).toBe(labelWith({ ...lock, includes: { a: 'b' } }));
  expect(labelWith({ ...lock, images: { ...lock.images, 'base:2': image('3') } })).not.toBe(labelWith(lock));
});

it('pins images and bases; what is built is not pulled', () => {
  const { services } = applyLock(shop, lock, [build]);
  expect(services.web?.image).toBe(`busybox:latest@${digest('1')}`);
  expect(services.api?.image).toBe(`busybox:latest@${digest('1')}`);
  expect(services.fixed?.image).toBe(`redis@${digest('9')}`);
  expect(services.app).toMatchObject({
    image: 'shop/app',
    pull_policy: 'never',
    build: { context: '/app', dockerfile_inline: `FROM base:2@${digest('2')}\n` },
  });
  expect(services.app?.build).not.toHaveProperty('dockerfile');
});

it('names everything that is not covered', () => {
  const failing = (): unknown => applyLock(shop, { images: {}, includes: {} }, [build]);
  expect(failing).toThrow(
    'compose.lock.yaml does not cover the project:\n  image base:2 (build of app)\n  image busybox:latest (api, web)',
  );
});

it('is written sorted, and read back as it was', () => {
  const text = lockText(lock);
  const { images } = lock;
  expect(lockText({ ...lock, images: Object.fromEntries(Object.entries(images).reverse()) })).toBe(text);
  expect(lockText(parseLock(text))).toBe(text);
  expect(text).toContain('\n  busybox:latest:\n    digest: sha256:1111');
});

it('is what its schema says', () => {
  const schema = JSON.parse(readFileSync('schemas/compose-lock.schema.json', 'utf8')) as object;
  const validate = new Ajv({ allErrors: true }).compile(schema);
  const included = { ...lock, includes: { 'oci://a/b:1': `oci://a/b@${digest('3')}` } };
  const asJson = (text: string): unknown => {
    const { images, includes } = parseLock(text);
    const plain = Object.entries(images).map(([name, { usedBy, ...rest }]) => [name, { ...rest, used_by: usedBy }]);
    return {
      version: 1,
      images: Object.fromEntries(plain),
      ...(Object.keys(includes).length === 0 ? {} : { includes }),
    };
  };
  for (const one of [lock, included])
    expect(validate(asJson(lockText(one))), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ version: 2, images: {} })).toBe(false);
});

it.each([
  ['images: {}', /version is not a number/],
  ['version: 2\nimages: {}', /format 2/],
  ['version: 1\nimages: []', /images is not a mapping/],
  ['version: 1\nimages: {a: {digest: latest, platforms: {}, used_by: []}}', /digest is not a sha256 digest/],
])('refuses %j', (text, expected) => {
  expect(() => parseLock(text)).toThrow(expected);
});

it('tells what differs', () => {
  const after: LockFile = { images: { 'busybox:latest': image('3'), 'new:1': image('4') }, includes: {} };
  expect(describeChanges(compareLocks(lock, after))).toBe(
    'base:2  sha256:222222222222 → gone\nbusybox:latest  sha256:111111111111 → sha256:333333333333\nnew:1  new → sha256:444444444444\n',
  );
  expect(compareLocks(after, after)).toEqual([]);
  const files = (commit: string, digit: string): LockFile => ({
    images: {},
    includes: {
      'https://h/r.git#main:sub': `https://h/r.git#${commit.repeat(40)}:sub`,
      'oci://h/s:1': `oci://h/s@${digest(digit)}`,
    },
  });
  expect(describeChanges(compareLocks(files('a', '1'), files('b', '2')))).toBe(
    'https://h/r.git#main:sub  aaaaaaaaaaaa → bbbbbbbbbbbb\noci://h/s:1  sha256:111111111111 → sha256:222222222222\n',
  );
});

it.each<[string, string[], string[]]>([
  ['1.27', ['1.26', '1.28', '1.9', '1.100', '2.0', '1.27.1', '1.28-alpine', 'latest'], ['1.28', '1.100', '2.0']],
  ['1.27.3', ['1.27.4', '1.28', '1.28.0', '1.27.10'], ['1.27.4', '1.27.10', '1.28.0']],
  ['v2.1', ['2.2', 'v2.2', 'v2.10'], ['v2.2', 'v2.10']],
  ['3.12-slim', ['3.13', '3.13-slim', '3.13-slim-bookworm'], ['3.13-slim']],
  [
    '1.27-alpine3.19',
    ['1.27-alpine3.20', '1.28-alpine3.18', '1.27-alpine3.18'],
    ['1.27-alpine3.20', '1.28-alpine3.18'],
  ],
  ['1.0-rc1', ['1.0-rc2', '1.0', '1.1'], ['1.0-rc2']],
  ['12', ['13', '20240101', '12.1'], ['13']],
  ['latest', ['1', '2'], []],
  ['bookworm', ['trixie'], []],
  ['1a2b3c4', ['1a2b3c5', '2a2b3c4'], []],
  ['99999999999999999999', ['99999999999999999998', '100000000000000000000'], ['100000000000000000000']],
])('later than %s', (tag, tags, expected) => {
  expect(newerTags(tag, tags)).toEqual(expected);
});
