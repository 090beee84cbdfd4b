// The guest book of examples/webapp: built, run, signed, rebuilt after a change, its entries kept.
import { beforeAll, expect, inject, test } from 'vitest';
import { buildStandIns } from '../../../scripts/ground/example-images.ts';
import { freePort } from '../../support/free-port.ts';
import { scenario } from '../../support/scenario.ts';

let images: Record<string, string>;

beforeAll(async () => {
  images = await buildStandIns(inject('ground').dockerHost, ['mariadb', 'python']);
}, 600_000);

const page = async (site: string): Promise<string> =>
  (await fetch(site, { signal: AbortSignal.timeout(10_000) })).text();
const sign = (site: string, text: string): Promise<Response> =>
  fetch(site, { method: 'POST', body: new URLSearchParams({ text }), signal: AbortSignal.timeout(10_000) });

test('built, signed, changed, rebuilt: the entries stay', async () => {
  const port = await freePort();
  const site = `http://127.0.0.1:${port}/`;
  const env = { ...images, DB_PASSWORD: 'a secret', WEB_PORT: `127.0.0.1:${port}` };
  const s = await scenario({ fixture: 'examples/webapp', env });
  await s.windlass(['up', '-d', '--build', '--wait']);
  await sign(site, 'Ahoy');
  expect(await page(site)).toContain('<li>Ahoy</li>');
  const [db, web] = await Promise.all([s.container('db'), s.container('web')]);

  const source = await s.read('app/guestbook.py');
  await s.write('app/guestbook.py', source.replaceAll('Guest book', 'Log book'));
  await s.windlass(['up', '-d', '--build', '--wait']);
  const changed = await page(site);
  expect(changed).toContain('<h1>Log book</h1>');
  expect(changed).toContain('<li>Ahoy</li>');
  expect((await s.container('db')).Id).toBe(db.Id);
  expect((await s.container('web')).Id).not.toBe(web.Id);

  await s.windlass(['down', '--volumes', '--rmi', 'local']);
  await s.expectNothingLeft();
  const left = await s.docker(['image', 'ls', '-q', `${s.project}-web`]);
  expect(left.stdout).toBe('');
});

test('without the password, the message of the Compose file is shown with its place', async () => {
  const s = await scenario({ fixture: 'examples/webapp', env: images });
  const { stderr } = await s.windlass(['config'], { exit: 1 });
  expect(stderr).toContain('put DB_PASSWORD=… into .env');
  expect(stderr).toMatch(/compose\.yaml:\d+:\d+/);
});
