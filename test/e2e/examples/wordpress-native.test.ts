// WordPress on a machine's own native engine, as the demo has it: killing the engine is not noticed by visitors, and nothing
// is left at the end but images.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildStandIns } from '../../../scripts/ground/example-images.ts';
import { must } from '../../../scripts/ground/run.ts';
import { frontPage, installSite } from '../../../scripts/ground/wordpress-site.ts';
import { type BackgroundEngine, backgroundEngine } from '../../support/background-engine.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';

const SERVICES = ['db', 'wordpress', 'nginx'];
let engine: BackgroundEngine;
let images: Record<string, string>;

beforeAll(async () => {
  engine = await backgroundEngine();
  await engine.windlass(['engine', 'start']);
  images = await buildStandIns(engine.host, ['mariadb', 'wordpress', 'nginx']);
}, 600_000);
afterAll(() => engine.tearDown());

/** Asks for the page again and again, on a new connection each time, until told to stop. */
function visitors(site: string): { seen: () => number; stop: () => Promise<string[]> } {
  const failures: string[] = [];
  let over = false;
  let seen = 0;
  const visiting = (async () => {
    while (!over) {
      const answer = await fetch(`${site}/`, { headers: { connection: 'close' } }).catch((error: Error) => error);
      const text = answer instanceof Error ? String(answer.cause) : await answer.text();
      if (answer instanceof Error || !answer.ok || !text.includes('Unsinkable')) failures.push(text.slice(0, 200));
      else seen += 1;
    }
  })();
  const stop = async (): Promise<string[]> => {
    over = true;
    await visiting;
    return failures;
  };
  return { seen: () => seen, stop };
}

test('WordPress is installed, outlives its engine without a failed request, and goes without a trace', async () => {
  const port = await freePort();
  const site = `http://127.0.0.1:${port}`;
  const env = { ...engine.env, ...images, DB_PASSWORD: 'anchor', WORDPRESS_PORT: `127.0.0.1:${port}` };
  const windlass = (...args: string[]) =>
    engine.windlass(['--project-directory', 'examples/wordpress', '--project-name', 'wpnative', ...args], {
      env,
      deadline: 240_000,
    });
  await windlass('up', '-d', '--wait');
  await frontPage(site);
  await installSite(site, 'Unsinkable', { user: 'captain', password: 'correct horse battery staple' });

  const facts = (): Promise<string[]> =>
    Promise.all(
      SERVICES.map((service) =>
        engine.docker('inspect', '-f', '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}', `wpnative-${service}-1`),
      ),
    );
  const before = await facts();
  const visit = visitors(site);
  for (const _ of [1, 2]) {
    const seen = visit.seen();
    await eventually('visitors are served', () => visit.seen() > seen + 1);
    await engine.kill();
    const then = visit.seen();
    await eventually('visitors are served again', () => visit.seen() > then + 1);
  }
  expect(await visit.stop()).toEqual([]);
  expect(await facts()).toEqual(before);

  const ids = before.map((line) => line.slice(0, 64));
  const network = (await engine.docker('network', 'inspect', '-f', '{{.Id}}', 'wpnative_site')).slice(0, 12);
  await windlass('down', '--volumes', '-t', '5');
  await engine.windlass(['engine', 'stop']);
  expect(await engine.remains()).toEqual([]);
  const table = `windlass_${createHash('sha256').update(engine.root).digest('hex').slice(0, 8)}`;
  expect(await must('nft', ['list', 'tables'])).not.toContain(table);
  expect(await readdir('/sys/class/net')).not.toContain(`wl-${network}`);
  const controllers = await readdir('/sys/fs/cgroup');
  const groups = await Promise.all(
    ['.', ...controllers].map((name) => readdir(join('/sys/fs/cgroup', name, 'windlass')).catch(() => [])),
  );
  expect(groups.flat().filter((name) => ids.includes(name))).toEqual([]);
});
