// `build`, `pull` and `push` on a real engine.
import { expect, onTestFinished, test } from 'vitest';
import { startRegistry } from '../support/registry.ts';
import { scenario } from '../support/scenario.ts';

const FILES = {
  'compose.yaml': `
services:
  base:
    build: {context: ./app, target: one, args: {A: "1", B: }, labels: {x: y}}
  web:
    image: localhost:1/wlt/web:dev
    build:
      context: ./app
      dockerfile: Dockerfile.web
      additional_contexts: {base: "service:base", other: ./app}
      tags: ["localhost:1/wlt/web:latest"]
      secrets: [token]
      extra_hosts: ["a:1.2.3.4"]
      shm_size: 64m
      ulimits: {nofile: 100}
    depends_on: [base]
  broken:
    build: {dockerfile_inline: "FROM busybox:latest\\nRUN echo before the end; exit 7\\n"}
    profiles: [broken]
  image: {image: "busybox:latest"}
secrets: {token: {file: ./app/Dockerfile}}
`,
  'app/Dockerfile': 'FROM busybox:latest AS one\nARG A\nRUN echo "A is $A"\n',
  'app/Dockerfile.web': 'FROM busybox:latest\nRUN true\n',
};

test('build --print describes the same builds as docker compose does', async () => {
  const s = await scenario({ files: FILES });
  for (const args of [
    [],
    ['web'],
    ['base'],
    ['--with-dependencies', 'web'],
    ['--build-arg', 'B=2', '--no-cache', 'base'],
  ]) {
    const [theirs, ours] = await Promise.all(
      [s.compose(['build', '--print', ...args]), s.windlass(['build', '--print', ...args])].map(async (ran) =>
        JSON.parse((await ran).stdout),
      ),
    );
    for (const file of [theirs, ours]) file.group.default.targets.sort();
    expect(ours, args.join(' ')).toEqual(theirs);
  }
});

test('build makes the images, with the arguments given', async () => {
  const s = await scenario({ files: FILES });
  const { stderr } = await s.windlass(['build', '--build-arg', 'A=two', 'base']);
  expect(stderr).toMatch(/^base {2}.*A is two$/m);
  expect(stderr).toContain(' base  Built\n');
  const { stdout } = await s.docker(['image', 'inspect', '--format', '{{json .Config.Labels}}', `${s.project}-base`]);
  expect(JSON.parse(stdout)).toMatchObject({ x: 'y', 'com.docker.compose.project': s.project });
  const quiet = await s.windlass(['build', '--quiet', 'base']);
  expect(quiet.stderr).toBe('');
});

test('a build that fails shows what it said, and nothing is started', async () => {
  const s = await scenario({ files: FILES });
  const { stderr } = await s.windlass(['build', 'broken'], { exit: 1 });
  expect(stderr).toContain('before the end');
  expect(stderr).toMatch(/cannot build the image of service "broken": .*7/);
  await s.windlass(['--profile', 'broken', 'up', '-d', 'broken'], { exit: 1 });
  expect(await s.states()).toEqual({});
});

test('there is nothing to build in a service with an image', async () => {
  const s = await scenario({ files: FILES });
  expect((await s.windlass(['build', 'image'])).stderr).toBe('warning: no services to build\n');
  expect((await s.windlass(['build', 'imge'], { exit: 1 })).stderr).toContain('did you mean "image"?');
});

test("pull tells what it passes over, and fails with the registry's words", async () => {
  const s = await scenario({ files: FILES });
  const { stderr } = await s.windlass(['pull', '--policy', 'missing', '--ignore-buildable', 'base', 'web']);
  expect(stderr).toBe(' base  Skipped - No image to be pulled\n web  Skipped - Image can be built\n');
  const failed = await s.windlass(['pull', 'web'], { exit: 1 });
  expect(failed.stderr).toContain('cannot pull image "localhost:1/wlt/web:dev"');
  const ignored = await s.windlass(['pull', '--ignore-pull-failures', 'web']);
  expect(ignored.stderr).toContain('must be built from source by running:\n    windlass build web');
  const push = await s.windlass(['push', 'web'], { exit: 1 });
  expect(push.stderr).toContain('cannot push image "localhost:1/wlt/web:dev"');
  const passed = await s.windlass(['push', 'image']);
  expect(passed.stderr).toBe(' image  Skipped\n');
});

test('an image goes to a registry and comes back, layer by layer', async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  const image = `${registry.host}/shop/web:1`;
  const s = await scenario({
    files: {
      'compose.yaml': `
services:
  web: {image: "${image}", build: {dockerfile_inline: "FROM busybox:latest\\nRUN echo ${Date.now()} > /made\\n"}, command: sleep 1000, stop_grace_period: 0s}
`,
    },
  });
  await s.windlass(['build', '-q']);
  const push = await s.windlass(['--progress', 'json', 'push']);
  const pushed = push.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(pushed.at(0)).toEqual({ id: `Image ${image}`, status: 'Pushing' });
  expect(pushed.at(-1)).toEqual({ id: `Image ${image}`, status: 'Pushed' });
  expect(pushed.some((event) => event.parent_id === `Image ${image}` && event.status === 'Pushed')).toBe(true);

  await s.docker(['image', 'rm', image]);
  const pull = await s.windlass(['--progress', 'json', 'pull']);
  const pulled = pull.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(pulled.at(0)).toEqual({ id: 'web', status: 'Pulling' });
  expect(pulled.at(-1)).toEqual({ id: 'web', status: 'Pulled' });
  await s.windlass(['up', '-d', '--pull', 'always', '--no-build']);
  expect(await s.states()).toEqual({ 'web-1': 'running' });

  registry.fail({ status: 503, code: 'UNAVAILABLE', message: 'come back tomorrow' });
  // The engine itself tries a push again and again; a pull it gives up at once.
  for (const args of [['pull'], ['up', '-d', '--pull', 'always', '--no-build']]) {
    const { stderr } = await s.windlass(args, { exit: 1 });
    expect(stderr, args.join(' ')).toContain('cannot pull image');
  }
  expect(await s.states()).toEqual({ 'web-1': 'running' });
});
