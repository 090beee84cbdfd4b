// The lock against a real registry, whose tags move.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startDebianRegistry } from '../support/debian-registry.ts';
import { startGitServer } from '../support/git-server.ts';
import { type Scenario, scenario } from '../support/scenario.ts';

/** Gives the tag an image of its own. */
async function push(s: Scenario, image: string, content: string): Promise<void> {
  await s.docker(['build', '-q', '-t', image, '-'], { input: `FROM busybox\nRUN echo ${content} > /which\n` });
  await s.docker(['push', '-q', image]);
  await s.docker(['image', 'rm', '-f', image]);
}

/** What was pulled by digest has no tag, and outlives `down --rmi all` once the lock has moved on. */
async function removeImages(s: Scenario, registry: string): Promise<void> {
  const { stdout } = await s.docker(['images', '-q', '--filter', `reference=${registry}/shop/*`], { cwd: '/' });
  const ids = new Set(stdout.split('\n').filter((id) => id !== ''));
  if (ids.size > 0) await s.docker(['image', 'rm', '-f', ...ids], { cwd: '/', exit: 'any' });
}

const which = async (s: Scenario, service: string): Promise<string> =>
  (await s.windlass(['exec', '-T', service, 'cat', '/which'])).stdout.trim();

test('a tag moves: locked stays, outdated tells, update follows', async () => {
  const registry = await startDebianRegistry();
  const [app, base] = [`${registry}/shop/app:1.0`, `${registry}/shop/base:2`];
  const s = await scenario({
    files: {
      'compose.yaml': `services:\n  web: {image: ${app}, command: sleep 600, stop_grace_period: 0s}\n  built: {build: ., command: sleep 600, stop_grace_period: 0s}\n`,
      Dockerfile: `ARG BASE=${base}\nFROM \${BASE}\nRUN cp /which /base\n`,
    },
    // Built as every engine can.
    env: { DOCKER_BUILDKIT: '0' },
  });
  onTestFinished(() => removeImages(s, registry));
  await push(s, app, 'first');
  await push(s, base, 'first');

  const missing = await s.windlass(['up', '-d', '--locked'], { exit: 1 });
  expect(missing.stderr).toContain('windlass lock');
  await s.windlass(['lock']);
  const lock = await s.read('compose.lock.yaml');
  expect(lock).toMatch(
    new RegExp(`${app}:\\n    digest: sha256:[0-9a-f]{64}\\n    platforms:\\n      linux/\\w+: sha256:`),
  );
  expect(lock).toContain('- build of built');
  await s.windlass(['lock']);
  expect(await s.read('compose.lock.yaml')).toBe(lock);
  await s.windlass(['lock', '--check']);
  expect((await s.windlass(['outdated', '--format', 'json'])).stdout).toBe('[]\n');

  await push(s, app, 'second');
  await push(s, base, 'second');
  await push(s, `${registry}/shop/app:1.1`, 'later');
  await s.windlass(['up', '-d', '--locked']);
  expect(await which(s, 'web')).toBe('first');
  expect(await which(s, 'built')).toBe('first');
  const before = (await s.containers()).map(({ Id }) => Id);
  await s.windlass(['up', '-d'], { env: { COMPOSE_LOCKED: '1' } });
  expect((await s.containers()).map(({ Id }) => Id)).toEqual(before);

  const outdated = JSON.parse((await s.windlass(['outdated', '--format', 'json'])).stdout) as Record<string, unknown>[];
  expect(outdated.map(({ Image, NewerTags }) => [Image, NewerTags])).toEqual([
    [app, ['1.1']],
    [base, []],
  ]);
  const table = (await s.windlass(['outdated'])).stdout;
  expect(table).toMatch(new RegExp(`${app} +sha256:[0-9a-f]{12} +sha256:[0-9a-f]{12} +1\\.1 +web`));

  const moved = await s.windlass(['update', 'web']);
  expect(moved.stdout).toMatch(new RegExp(`^${app}  sha256:[0-9a-f]{12} → sha256:[0-9a-f]{12}\n$`));
  await s.windlass(['up', '-d', '--locked']);
  expect(await which(s, 'web')).toBe('second');
  expect(await which(s, 'built')).toBe('first');

  // The image that was built is there: from another base, which the lock has left.
  await s.windlass(['update', 'built']);
  const kept = await s.windlass(['up', '-d', '--locked', '--no-build'], { exit: 1 });
  expect(kept.stderr).toContain('was built from other images than those that are locked');
  await s.windlass(['up', '-d', '--locked']);
  expect(await which(s, 'built')).toBe('second');

  await s.write('compose.override.yaml', `services:\n  more: {image: "${registry}/shop/more:1"}\n`);
  const uncovered = await s.windlass(['up', '-d', '--locked'], { exit: 1 });
  expect(uncovered.stderr).toContain(`does not cover the project:\n  image ${registry}/shop/more:1 (more)`);
  const checked = await s.windlass(['lock', '--check'], { exit: 1 });
  expect(checked.stderr).toContain(`${registry}/shop/more:1`);
  await s.windlass(['down', '--rmi', 'all', '--remove-orphans']);
});

test('remote files move: locked they stay, outdated tells, update follows', async () => {
  const registry = await startDebianRegistry();
  const git = await startGitServer();
  const [branch, artifact] = [`${git.address}/shop.git#main:base`, `${registry}/shop/part:1`];
  // Named by digest, so that the lock is about the files alone.
  const service = (name: string, text: string): string =>
    `services: {${name}: {image: "busybox@sha256:${'0'.repeat(64)}", command: ${text}}}\n`;
  const s = await scenario({ files: { 'compose.yaml': `include:\n  - ${branch}\n  - oci://${artifact}\n` } });
  const env = { XDG_CACHE_HOME: join(s.folder, 'cache') };
  const windlass = (...args: string[]) => s.windlass(args, { env });
  const move = async (text: string): Promise<void> => {
    await git.commit('shop.git', 'base/compose.yaml', service('branch', text));
    await s.write('part.yaml', service('artifact', text));
    await windlass('-f', 'part.yaml', 'publish', '-y', artifact);
  };
  await move('first');
  await windlass('lock');
  const lock = await s.read('compose.lock.yaml');
  expect(lock).toMatch(/shop\.git#main:base: git:\/\/127\.0\.0\.1:\d+\/shop\.git#[0-9a-f]{40}:base\n/);
  expect(lock).toMatch(/part:1: oci:\/\/127\.0\.0\.1:\d+\/shop\/part@sha256:[0-9a-f]{64}\n/);

  await move('second');
  // On a machine that has not seen the first either.
  env.XDG_CACHE_HOME = join(s.folder, 'other-cache');
  const commands = async (locked: string): Promise<string[]> =>
    (await s.windlass(['config'], { env: { ...env, COMPOSE_LOCKED: locked } })).stdout.match(/first|second/g) ?? [];
  expect(await commands('1')).toEqual(['first', 'first']);
  expect(await commands('0')).toEqual(['second', 'second']);
  await windlass('lock');
  await windlass('update', 'branch');
  expect(await s.read('compose.lock.yaml')).toBe(lock);
  const outdated = JSON.parse((await windlass('outdated', '--format', 'json')).stdout) as Record<string, unknown>[];
  expect(outdated.map(({ Include }) => Include)).toEqual([branch, `oci://${artifact}`]);
  const moved = (await windlass('update')).stdout;
  expect(moved).toMatch(/#main:base {2}[0-9a-f]{12} → [0-9a-f]{12}\noci:.*:1 {2}sha256:\w{12} → sha256:\w{12}\n$/);
  expect(await commands('1')).toEqual(['second', 'second']);
  expect((await windlass('outdated', '--format', 'json')).stdout).toBe('[]\n');
});
