// examples/registry: an image built, pushed to a registry of one's own, forgotten, and pulled from there by up.
import { beforeAll, expect, inject, test } from 'vitest';
import { buildStandIns } from '../../../scripts/ground/example-images.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually, scenario } from '../../support/scenario.ts';

let images: Record<string, string>;

beforeAll(async () => {
  images = await buildStandIns(inject('ground').dockerHost, ['registry']);
}, 600_000);

test('build, push, forget, pull, run', async () => {
  const [port, hello] = [await freePort(), await freePort()];
  const env = { ...images, REGISTRY_PORT: String(port), HELLO_PORT: String(hello) };
  const s = await scenario({ fixture: 'examples/registry', env });
  const image = `localhost:${port}/hello:1.0`;
  const stack = { cwd: `${s.folder}/hello`, env: { COMPOSE_PROJECT_NAME: `${s.project}-hello` } };
  s.alsoRemove(`${s.project}-hello`);
  await s.windlass(['up', '-d', '--wait']);

  await s.windlass(['build'], stack);
  await s.windlass(['push'], stack);
  const catalogue = await fetch(`http://127.0.0.1:${port}/v2/hello/tags/list`);
  expect(await catalogue.json()).toEqual({ name: 'hello', tags: ['1.0'] });

  await s.docker(['image', 'rm', image]);
  await s.windlass(['up', '-d'], stack);
  const page = await eventually('the page is served', async () => {
    const answer = await fetch(`http://127.0.0.1:${hello}/`);
    return answer.ok ? answer.text() : undefined;
  });
  expect(page).toContain('came through a registry of its own');

  await s.windlass(['down', '--volumes', '--rmi', 'all'], stack);
  await s.windlass(['down', '--volumes']);
  expect([...(await s.remains()), ...(await s.remains(`${s.project}-hello`))]).toEqual([]);
});

test('an image that the registry does not have is named, and nothing is left half done', async () => {
  const [port, hello] = [await freePort(), await freePort()];
  const env = { ...images, REGISTRY_PORT: String(port), HELLO_PORT: String(hello) };
  const s = await scenario({ fixture: 'examples/registry', env });
  const stack = { cwd: `${s.folder}/hello`, env: { COMPOSE_PROJECT_NAME: `${s.project}-hello` } };
  s.alsoRemove(`${s.project}-hello`);
  await s.windlass(['up', '-d', '--wait']);
  const { stderr } = await s.windlass(['pull'], { ...stack, exit: 1 });
  expect(stderr).toContain(`localhost:${port}/hello:1.0`);
  expect(await s.remains(`${s.project}-hello`)).toEqual([]);
});
