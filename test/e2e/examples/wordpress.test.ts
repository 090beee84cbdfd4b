// WordPress, as examples/wordpress has it: installed, written to, taken down with its data kept, brought back, taken down for good.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { buildStandIns } from '../../../scripts/ground/example-images.ts';
import { frontPage, installSite, publishPost, readPost } from '../../../scripts/ground/wordpress-site.ts';
import { freePort } from '../../support/free-port.ts';
import { NativeEngineUnderTest } from '../../support/native-engine.ts';
import { type Scenario, scenario } from '../../support/scenario.ts';

const ACCOUNT = { user: 'captain', password: 'correct horse battery staple' };
let images: Record<string, string>;

beforeAll(async () => {
  images = await buildStandIns(inject('ground').dockerHost, ['mariadb', 'wordpress', 'nginx']);
}, 600_000);

async function wordpress(): Promise<{ s: Scenario; site: string; secret: string }> {
  const port = await freePort();
  const secret = randomBytes(12).toString('hex');
  const env = { ...images, DB_PASSWORD: secret, WORDPRESS_PORT: `127.0.0.1:${port}` };
  return { s: await scenario({ fixture: 'examples/wordpress', env }), site: `http://127.0.0.1:${port}`, secret };
}

test('a post outlives down and up, and travels in a bundle to an engine of the other kind; down --volumes leaves nothing', async () => {
  const { s, site, secret } = await wordpress();
  await s.windlass(['up', '-d', '--wait']);
  expect(await s.states()).toEqual({ 'db-1': 'running', 'nginx-1': 'running', 'wordpress-1': 'running' });
  await frontPage(site);
  await installSite(site, 'Hoisted', ACCOUNT);
  const id = await publishPost(site, ACCOUNT, 'Log of the first voyage', 'The anchor came up with one command.');
  expect(await readPost(site, id)).toContain('The anchor came up with one command.');

  const bundle = join(s.folder, 'there', 'wordpress.windlass.tar');
  await mkdir(dirname(bundle));
  const saved = await s.windlass(['bundle', 'save', '--with-volumes', '-o', bundle]);
  expect(saved.stdout).toContain('The receiver has to set:\n  DB_PASSWORD (secret db_password)');
  expect(Object.values(await s.states())).toEqual(['running', 'running', 'running']);

  await s.windlass(['down']);
  expect(await s.remains()).toEqual([`volume ${s.project}_database`, `volume ${s.project}_files`]);
  await elsewhere(s, bundle, { DB_PASSWORD: secret, WORDPRESS_PORT: new URL(site).host }, async () => {
    await frontPage(site);
    expect(await readPost(site, id)).toContain('The anchor came up with one command.');
  });
  await s.windlass(['up', '-d', '--wait']);
  await frontPage(site);
  expect(await readPost(site, id)).toContain('The anchor came up with one command.');

  await s.windlass(['down', '--volumes']);
  await s.expectNothingLeft();
}, 600_000);

/** Raises the bundle on a fresh native engine, which knows no images, does what is asked, and takes it down whole. */
async function elsewhere(
  s: Scenario,
  bundle: string,
  settings: Readonly<Record<string, string>>,
  look: () => Promise<void>,
): Promise<void> {
  const engine = new NativeEngineUnderTest(await mkdtemp(join(tmpdir(), 'windlass-native-')));
  await engine.start();
  try {
    const cwd = dirname(bundle);
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(cwd, '.env'), lines.join(''));
    // Nothing of the shell it was saved from but the way to the engine.
    const unset = Object.fromEntries(
      [...Object.keys(images), ...Object.keys(settings)].map((name) => [name, undefined]),
    );
    const env = { ...unset, DOCKER_HOST: engine.host, XDG_STATE_HOME: join(cwd, 'state') };
    await s.windlass(['-f', bundle, 'up', '-d', '--wait'], { cwd, env });
    await look();
    await s.windlass(['-f', bundle, 'down', '--volumes'], { cwd, env });
    expect((await engine.docker(['volume', 'ls', '-q'])).stdout).toBe('');
  } finally {
    expect(await engine.tearDown()).toEqual([]);
  }
}

test('each service starts only when the one before it is healthy', async () => {
  const { s } = await wordpress();
  await s.windlass(['up', '-d']);
  const [db, wp, nginx] = await Promise.all([s.container('db'), s.container('wordpress'), s.container('nginx')]);
  expect(db.State.Health?.Status).toBe('healthy');
  expect(wp.State.Health?.Status).toBe('healthy');
  expect(Date.parse(db.State.StartedAt)).toBeLessThan(Date.parse(wp.State.StartedAt));
  expect(Date.parse(wp.State.StartedAt)).toBeLessThan(Date.parse(nginx.State.StartedAt));
});

test('the password is nowhere but in the containers that need it', async () => {
  const { s, secret } = await wordpress();
  const config = await s.windlass(['config']);
  const up = await s.windlass(['up', '-d']);
  const inspected = JSON.stringify(await s.containers());
  for (const text of [config.output, up.output, inspected]) expect(text).not.toContain(secret);
  const inside = await s.windlass(['exec', '-T', 'db', 'cat', '/run/secrets/db_password']);
  expect(inside.stdout.trim()).toBe(secret);
  const nginx = await s.windlass(['exec', '-T', 'nginx', 'ls', '/run/secrets'], { exit: 'any' });
  expect(nginx.exitCode).not.toBe(0);
});

test('without the password, up says what to set and makes nothing', async () => {
  const { s } = await wordpress();
  const { stderr } = await s.windlass(['up', '-d'], { exit: 1, env: { DB_PASSWORD: undefined } });
  expect(stderr).toMatch(/DB_PASSWORD/);
  await s.expectNothingLeft();
});

test('docker compose takes the stack over with every container left running, and back', async () => {
  const { s } = await wordpress();
  const started = async (): Promise<string[]> =>
    (await s.containers()).map(({ Id, State }) => `${Id} ${State.StartedAt}`);
  await s.compose(['up', '-d']);
  const first = await started();
  expect(first).toHaveLength(3);
  await s.windlass(['up', '-d']);
  expect(await started()).toEqual(first);
  await s.windlass(['down', '--volumes']);
  await s.windlass(['up', '-d']);
  const second = await started();
  await s.compose(['up', '-d']);
  expect(await started()).toEqual(second);
});
