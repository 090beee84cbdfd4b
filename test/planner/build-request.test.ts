import { expect, it } from 'vitest';
import type { Project, Service } from '../../src/model.ts';
import { buildRequest } from '../../src/planner/build-request.ts';

const service = (name: string, more: Partial<Service>): Service => ({ name, command: null, entrypoint: null, ...more });

const project = (
  services: Readonly<Record<string, Service>>,
  disabledServices: Readonly<Record<string, Service>> = {},
): Project => ({
  ...{
    name: 'shop',
    workingDir: '/',
    composeFiles: [],
    envFiles: [],
    environment: { WORD: 'from the shell' },
    networks: {},
    volumes: {},
  },
  ...{
    secrets: { s: { name: 's', environment: 'S', content: 'hush' } },
    configs: {},
    models: {},
    profiles: [],
    services,
    disabledServices,
  },
});

const app = service('app', {
  build: {
    context: '/app',
    additional_contexts: { base: 'service:base', tools: 'service:tools', docs: './docs' },
    args: { WORD: null, GONE: null, SET: '1' },
    secrets: [{ source: 's' }],
  },
});

it('takes a context that is a service for the image built for it', () => {
  const others = { tools: service('tools', { image: 'my/tools:1', build: {} }) };
  const { build } = buildRequest(project({ app, base: service('base', { build: {} }) }, others), app);
  expect(build.additional_contexts).toEqual({
    base: 'docker-image://shop-base',
    tools: 'docker-image://my/tools:1',
    docs: './docs',
  });
});

it('resolves arguments without a value, and hands secrets over with theirs', () => {
  const request = buildRequest(project({ app }), app);
  expect(request.args).toEqual({ WORD: 'from the shell', SET: '1' });
  expect(request.secrets).toEqual([{ id: 's', environment: 'S', content: 'hush' }]);
});
