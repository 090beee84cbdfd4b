import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withModels } from '../../src/cli/models.ts';
import type { Host } from '../../src/host.ts';
import { unservedModels } from '../../src/planner/models.ts';
import { aProject } from '../support/project-builder.ts';
import { fakeContext } from './support/fake-output.ts';

const ANSWERS: Readonly<Record<string, string>> = {
  ls: '[{"tags": ["ai/small"]}]',
  status: '{"running": true, "endpoint": "http://model-runner/v1/"}',
};

async function ground(installed = true) {
  const home = await mkdtemp(join(tmpdir(), 'windlass-models-'));
  onTestFinished(() => rm(home, { recursive: true }));
  if (installed) {
    await mkdir(join(home, '.docker/cli-plugins'), { recursive: true });
    await writeFile(join(home, '.docker/cli-plugins/docker-model'), '');
    await chmod(join(home, '.docker/cli-plugins/docker-model'), 0o755);
  }
  const called: string[] = [];
  const host: Host = {
    run: async (_, args) => {
      called.push(args.join(' '));
      return { exitCode: 0, stdout: ANSWERS[args[0] ?? ''] ?? '', stderr: '' };
    },
  };
  const project = aProject({
    services: {
      app: { models: { 'chat-llm': null, embed: { endpoint_var: 'EMBED_AT', model_var: 'EMBEDDER' } } },
      other: {},
    },
    models: {
      'chat-llm': { name: 'chat', model: 'ai/large', context_size: 4096, runtime_flags: ['--temp', '0'] },
      embed: { name: '', model: 'ai/small' },
    },
    environment: { HOME: home },
  });
  return { project, host, called };
}

describe('models', () => {
  it('are pulled where they are missing, configured, and told to the services that use them', async () => {
    const { project, host, called } = await ground();
    const ready = await withModels(fakeContext(), project, { host });
    expect(ready.services.app?.environment).toEqual({
      CHAT_LLM_MODEL: 'ai/large',
      CHAT_LLM_URL: 'http://model-runner/v1/',
      EMBEDDER: 'ai/small',
      EMBED_AT: 'http://model-runner/v1/',
    });
    expect(ready.services.other?.environment).toBeUndefined();
    expect(called.toSorted()).toEqual([
      'configure --context-size 4096 ai/large -- --temp 0',
      'configure ai/small',
      'ls --json',
      'pull ai/large',
      'status --json',
    ]);
    expect([unservedModels(project), unservedModels(ready)]).toEqual([['app'], []]);
  });

  it('are left alone by a dry run', async () => {
    const { project, host, called } = await ground();
    await withModels(fakeContext({ globals: { dryRun: true } }), project, { host });
    expect(called).toEqual(['status --json']);
  });

  it('need the plugin that runs them', async () => {
    const { project, host } = await ground(false);
    await expect(withModels(fakeContext(), project, { host })).rejects.toThrow(
      "'models' support requires Docker Model plugin",
    );
  });
});
