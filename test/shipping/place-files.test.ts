// Which files travel, where they are put, and what the receiver has to set.
import { expect, it } from 'vitest';
import { type Mention, missingVariables, variableNeeds } from '../../src/shipping/bundle/needs.ts';
import { type FileFacts, placeFiles } from '../../src/shipping/bundle/place-files.ts';
import { type ReferencedPath, referencedPaths } from '../../src/shipping/bundle/referenced-paths.ts';
import { aProject } from '../support/project-builder.ts';

type Draft = Partial<FileFacts> & { readonly refers?: readonly (readonly [ReferencedPath['use'], string, string])[] };

/** Facts of a project in /home/me/shop; `refers`: use, owner, path as written. */
function facts({ refers = [], ...given }: Draft = {}): FileFacts {
  const written = refers.map(([use, owner, path]) => ({ use, owner, path }));
  const absolute = (path: string): string =>
    path.startsWith('/') ? path : new URL(path, 'file:///home/me/shop/').pathname;
  return {
    workingDir: '/home/me/shop',
    composeFiles: ['/home/me/shop/compose.yaml'],
    topFiles: ['/home/me/shop/compose.yaml'],
    paths: written.map((one) => ({ ...one, path: absolute(one.path) })),
    written,
    usesPwd: false,
    envFiles: ['/home/me/shop/.env'],
    withSecrets: [],
    ...given,
  };
}

it('takes what is named, below the folder of the project', () => {
  const placed = placeFiles(
    facts({
      refers: [
        ['mount', 'web', './site'],
        ['config', 'motd', 'motd.txt'],
        ['label-file', 'web', 'labels'],
      ],
    }),
  );
  expect(placed).toMatchObject({
    root: '/home/me/shop',
    directory: '.',
    topFiles: ['compose.yaml'],
    take: ['/home/me/shop/compose.yaml', '/home/me/shop/labels', '/home/me/shop/motd.txt', '/home/me/shop/site'],
    leave: ['/home/me/shop/.env'],
    hostPaths: [],
  });
});

it('what lies beside the project keeps its place relative to it, and nothing above shows', () => {
  const placed = placeFiles(facts({ refers: [['mount', 'web', '../shared/conf']] }));
  expect(placed).toMatchObject({ root: '/home/me', directory: 'shop', topFiles: ['shop/compose.yaml'] });
  expect(placed.take).toContain('/home/me/shared/conf');
});

it('leaves paths of the host to the host, even those within the project', () => {
  const refers = [
    ['mount', 'web', '/var/run/docker.sock'],
    ['mount', 'web', '/home/me/shop/data'],
    ['mount', 'web', '~/x'],
  ] as const;
  const placed = placeFiles(facts({ refers }));
  expect(placed.take).toEqual(['/home/me/shop/compose.yaml']);
  expect(placed.hostPaths).toContain('/var/run/docker.sock');
  expect(placed.hostPaths).toContain('/home/me/shop/data');
});

it('takes ${PWD} for the folder of the project', () => {
  const placed = placeFiles(facts({ usesPwd: true, refers: [['mount', 'web', '/home/me/shop/data']] }));
  expect(placed.take).toContain('/home/me/shop/data');
  expect(placed.hostPaths).toEqual([]);
});

it('leaves secrets behind unless they are asked for, within folders that are taken too', () => {
  const refers = [
    ['mount', 'web', '.'],
    ['secret', 'one', 'one.txt'],
    ['secret', 'two', 'two.txt'],
  ] as const;
  const placed = placeFiles(facts({ refers, withSecrets: ['two'] }));
  expect(placed.take).toContain('/home/me/shop/two.txt');
  expect(placed.take).not.toContain('/home/me/shop/one.txt');
  expect(placed.leave).toEqual(['/home/me/shop/.env', '/home/me/shop/one.txt']);
  expect(placed.secretFiles).toEqual([{ secret: 'one', path: 'one.txt' }]);
  // A mount of the project's own folder shows neither its name nor what is above.
  expect(placed).toMatchObject({ root: '/home/me/shop', directory: '.' });
});

it('gives a secret from above the project a place beside the bundle', () => {
  const placed = placeFiles(facts({ refers: [['secret', 'key', '../../keys/key.pem']] }));
  expect(placed.secretFiles).toEqual([{ secret: 'key', path: 'secrets/key' }]);
  expect(placed.root).toBe('/home/me/shop');
});

it('of .env files takes the names alone; of others the values', () => {
  const refers = [
    ['env-file', 'web', '.env'],
    ['env-file', 'web', '.env.local'],
    ['env-file', 'web', 'web.env'],
    ['env-file', 'db', 'prod.env'],
  ] as const;
  const placed = placeFiles(facts({ refers, envFiles: ['/home/me/shop/.env', '/home/me/shop/prod.env'] }));
  expect(placed.namesOnly.map(({ path }) => path)).toEqual([
    '/home/me/shop/.env',
    '/home/me/shop/.env.local',
    '/home/me/shop/prod.env',
  ]);
  expect(placed.withValues.map(({ path }) => path)).toEqual(['/home/me/shop/web.env']);
  expect(placed.take).not.toContain('/home/me/shop/prod.env');
});

it('refuses a project from standard input', () => {
  expect(() => placeFiles(facts({ composeFiles: ['-'] }))).toThrow('standard input');
});

it('finds every path of a project, contexts only when they are wanted', () => {
  const shop = aProject({
    services: {
      web: {
        build: {
          context: './app',
          dockerfile: '../Dockerfile.web',
          additional_contexts: { base: 'service:db', assets: './assets' },
        },
        volumes: [
          { type: 'bind', source: './site', target: '/site' },
          { type: 'volume', source: 'data', target: '/data' },
        ],
        env_file: [{ path: 'web.env' }],
        security_opt: ['seccomp:./profile.json', 'seccomp=unconfined', 'no-new-privileges'],
      },
      db: {},
    },
    volumes: {
      data: { name: 'shop_data', driver: 'local', driver_opts: { o: 'bind', type: 'none', device: './data' } },
    },
    configs: { motd: { name: 'motd', file: 'motd.txt' }, inline: { name: 'inline', content: 'x' } },
    secrets: { key: { name: 'key', file: 'key.txt' } },
  });
  const list = (contexts: boolean): string[] =>
    referencedPaths(shop, { contexts }).map(({ use, path }) => `${use} ${path}`);
  const always = [
    'env-file web.env',
    'mount ./site',
    'profile ./profile.json',
    'config motd.txt',
    'secret key.txt',
    'mount ./data',
  ];
  expect(list(false)).toEqual(always);
  const contexts = ['context ./app', 'context ./assets', 'dockerfile ./app/../Dockerfile.web'];
  expect(list(true)).toEqual([...always.slice(0, 3), ...contexts, ...always.slice(3)]);
});

const mention = (name: string, more: Partial<Mention> = {}): Mention => ({
  ...{ name, usedBy: 'compose.yaml', required: false, hasDefault: false, inImage: false },
  ...more,
});

it('wants what was set and has no default, and what fails without', () => {
  const { variables, environment } = variableNeeds({
    mentions: [
      mention('SET'),
      mention('SET', { usedBy: 'secret key' }),
      mention('UNSET'),
      mention('DEFAULTED', { hasDefault: true }),
      mention('STRICT', { required: true }),
      mention('TAG', { inImage: true }),
      mention('BOTH', { inImage: true }),
      mention('BOTH'),
      mention('PWD'),
    ],
    values: { SET: 'x', DEFAULTED: 'x', TAG: '1.27', BOTH: 'x', PWD: '/home/me' },
    include: [],
  });
  expect(variables.filter(({ required }) => required)).toEqual([
    { name: 'BOTH', required: true, usedBy: ['compose.yaml'] },
    { name: 'SET', required: true, usedBy: ['compose.yaml', 'secret key'] },
    { name: 'STRICT', required: true, usedBy: ['compose.yaml'] },
  ]);
  expect(variables.filter(({ required }) => !required).map(({ name }) => name)).toEqual(['DEFAULTED', 'UNSET']);
  expect(environment).toEqual({ TAG: '1.27' });
});

it('puts in what is asked for by name, and says when it cannot', () => {
  const ask = (...include: string[]) =>
    variableNeeds({ mentions: [mention('A'), mention('B')], values: { A: '1', C: '3' }, include });
  expect(ask('A')).toEqual({
    variables: [{ name: 'B', required: false, usedBy: ['compose.yaml'] }],
    environment: { A: '1' },
  });
  expect(() => ask('B')).toThrow('variable "B" is not set');
  expect(() => ask('C')).toThrow('the project does not use a variable "C"');
});

it('a value that is empty is a value; one that is missing is told', () => {
  const needs = {
    variables: [
      { name: 'A', required: true, usedBy: [] },
      { name: 'B', required: false, usedBy: [] },
    ],
    secretFiles: [],
    hostPaths: [],
    networks: [],
    volumes: [],
    images: [],
  };
  expect(missingVariables(needs, new Set()).map(({ name }) => name)).toEqual(['A']);
  expect(missingVariables(needs, new Set(['A']))).toEqual([]);
});
