import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/commands/config.ts';
import type { FlagValues } from '../../../src/cli/declaration.ts';
import { configFlags } from '../../../src/cli/declarations/model.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { writeFiles } from '../../support/spec-files.ts';
import { defaultGlobals, type FakeContext, fakeContext, noFlags } from '../support/fake-output.ts';

type ConfigFlags = FlagValues<typeof configFlags>;

const none = noFlags(configFlags);

const COMPOSE = `services:
  web:
    image: nginx:\${TAG:-1.27}
    depends_on: [api]
    networks: [front]
    volumes: ["site:/site"]
  api:
    build: .
    env_file: api.env
    environment: { PASSWORD: }
  debug:
    image: busybox
    profiles: [debug]
  llm:
    image: app
    models: [small]
networks: { front: , unused: }
volumes: { site: }
models: { small: { model: ai/small } }
`;

const digest = `sha256:${'a'.repeat(64)}`;
/** Knows digests and nothing else. */
const registry = { resolveDigest: async () => digest } as unknown as Engine;

function context(options: { readonly engine?: Engine } = {}): { context: FakeContext; cwd: string } {
  const cwd = writeFiles({ 'compose.yaml': COMPOSE, 'api.env': 'A=1\n' });
  const env = { PASSWORD: 'hunter2', HOME: cwd };
  const globals = { ...defaultGlobals(env), files: [join(cwd, 'compose.yaml')], projectName: 'shop' };
  return { context: fakeContext({ env, globals, ...options }), cwd };
}

async function output(flags: Partial<ConfigFlags>, args: readonly string[] = [], engine?: Engine): Promise<string> {
  const made = context(engine === undefined ? {} : { engine });
  expect(await run(made.context, { ...none, ...flags }, args)).toBe(0);
  return made.context.io.stdout.text().replaceAll(made.cwd, '/here');
}

describe('config', () => {
  it.each<[keyof ConfigFlags, string]>([
    ['services', 'api\nllm\nweb\n'],
    ['volumes', 'site\n'],
    ['networks', 'default\nfront\n'],
    ['models', 'ai/small\n'],
    ['profiles', 'debug\n'],
    ['images', 'shop-api\napp\nnginx:1.27\n'],
  ])('--%s prints one name per line', async (flag, expected) => {
    expect(await output({ [flag]: true })).toBe(expected);
  });

  it('--services follows the order of dependencies and knows the uninterpolated file', async () => {
    expect(await output({ services: true, 'no-interpolate': true })).toBe('api\ndebug\nllm\nweb\n');
  });

  it('prints the whole project, or what the named services need', async () => {
    expect(await output({})).toMatch(/^name: shop\nservices:\n {2}api:\n {4}build:\n {6}context: \/here\n/);
    const web = await output({ format: 'json' }, ['api']);
    expect(Object.keys(JSON.parse(web).services)).toEqual(['api']);
    expect(JSON.parse(web).services.api.environment).toEqual({ A: '1', PASSWORD: 'hunter2' });
  });

  it('--no-interpolate keeps expressions, and values of the environment out', async () => {
    const text = await output({ 'no-interpolate': true });
    expect(text).toContain('image: nginx:${TAG:-1.27}\n');
    expect(text).toContain('PASSWORD: null\n');
    expect(text).not.toContain('hunter2');
  });

  it('--hash prints the hashes of all services or of those named', async () => {
    const all = (await output({ hash: '*' })).split('\n');
    expect(all.map((line) => line.replace(/ [0-9a-f]{64}$/, ' HASH'))).toEqual([
      'api HASH',
      'llm HASH',
      'web HASH',
      '',
    ]);
    expect(await output({ hash: 'web' })).toBe(`${all[2]}\n`);
    await expect(output({ hash: 'wbe' })).rejects.toThrow('no such service: wbe');
  });

  it('--variables and --environment tell what the files ask for and what they see', async () => {
    expect(JSON.parse(await output({ variables: true, format: 'json' })).TAG.DefaultValue).toBe('1.27');
    expect(await output({ environment: true })).toContain('PASSWORD=hunter2\n');
  });

  it('--quiet prints nothing, and --output writes the file instead', async () => {
    expect(await output({ quiet: true })).toBe('');
    const made = context();
    await run(made.context, { ...none, output: join(made.cwd, 'out.yaml') }, []);
    expect(made.context.io.stdout.text()).toBe('');
    expect(readFileSync(join(made.cwd, 'out.yaml'), 'utf8')).toMatch(/^name: shop\n/);
  });

  it('--resolve-image-digests pins images by asking the engine', async () => {
    const text = await output({ 'resolve-image-digests': true }, ['web'], registry);
    expect(text).toContain(`image: docker.io/library/nginx:1.27@${digest}\n`);
    const lock = await output({ 'lock-image-digests': true }, ['llm'], registry);
    expect(lock).toBe(`services:\n  llm:\n    image: docker.io/library/app:latest@${digest}\n`);
    const uninterpolated = output({ 'lock-image-digests': true, 'no-interpolate': true }, [], registry);
    await expect(uninterpolated).rejects.toThrow('its variables are not substituted');
  });

  it('refuses a format it does not know', async () => {
    await expect(output({ format: 'xml' })).rejects.toThrow('unsupported format "xml"');
  });
});
