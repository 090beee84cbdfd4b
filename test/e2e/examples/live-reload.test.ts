// examples/live-reload: a page in a real browser changes as its source is saved, and nginx takes over changed configuration.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { buildStandIns } from '../../../scripts/ground/example-images.ts';
import { ensureBrowser, openPage } from '../../support/browser.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually, type Scenario, scenario } from '../../support/scenario.ts';

let images: Record<string, string>;

beforeAll(async () => {
  await ensureBrowser();
  images = await buildStandIns(inject('ground').dockerHost, ['nginx']);
}, 900_000);

/** Saves as vim does: a new file takes the place of the old one. */
async function replace(s: Scenario, path: string, text: string): Promise<void> {
  await s.write(`${path}.new`, text);
  await rename(join(s.folder, `${path}.new`), join(s.folder, path));
}

test('pages reload in the browser; mounted and copied configuration is taken over', async () => {
  const port = await freePort();
  const s = await scenario({
    fixture: 'examples/live-reload',
    env: { ...images, WEB_PORT: `127.0.0.1:${port}` },
  });
  const watch = s.start(['watch', '--reload']);
  await watch.until('Watch enabled', 120_000);
  const proxy = /Live reload of "web": (http:\S+)/.exec(watch.output())?.[1] ?? '';

  const page = await openPage(proxy);
  const heading = (): Promise<unknown> => page.evaluate('document.querySelector("h1")?.textContent');
  await eventually('the page is shown', async () => (await heading()) === 'Edit site/index.html');
  const source = await s.read('site/index.html');
  await replace(s, 'site/index.html', source.replace('Edit site/index.html', 'Saved'));
  await eventually('the browser shows what was saved', async () => (await heading()) === 'Saved');

  // A style sheet too, although nothing of the page itself changes.
  await s.write('site/style.css', 'h1 { color: rgb(1, 2, 3); }');
  const color = 'getComputedStyle(document.querySelector("h1")).color';
  await eventually('the browser shows the new style', async () => (await page.evaluate(color)) === 'rgb(1, 2, 3)');

  const greeting = async (): Promise<string | null> =>
    (await fetch(`http://127.0.0.1:${port}/`)).headers.get('x-greeting');
  expect(await greeting()).toBe('hello');
  await replace(s, 'nginx/headers.conf', 'add_header X-Greeting "replaced";\n');
  await eventually('the mounted file is the new one', async () => (await greeting()) === 'replaced');

  await replace(s, 'nginx/site.conf', 'server { nonsense }\n');
  await watch.until(/unknown directive|exit status 1/);
  expect(await greeting()).toBe('replaced');
  await s.write(
    'nginx/site.conf',
    'server { listen 80; add_header X-Greeting "copied"; root /usr/share/nginx/html; }\n',
  );
  await eventually('the copied file is taken over', async () => (await greeting()) === 'copied');

  watch.signal('SIGINT');
  expect((await watch.ended).exitCode).toBe(130);
  await s.windlass(['down', '--rmi', 'local']);
  await s.expectNothingLeft();
});
