import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withEnvFileSettings } from '../../src/cli/env-settings.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-env-'));
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, '.env'), 'COMPOSE_ANSI=never\nCOMPOSE_MENU=0\nOTHER=1\n');
  await writeFile(join(folder, 'sub/.env'), 'COMPOSE_ANSI=always\n');
  await writeFile(join(folder, 'broken.env'), 'COMPOSE_ANSI="never\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const none = { files: [], envFiles: [], projectDirectory: undefined };
const settings = (env: Record<string, string>, given: Partial<typeof none> & object = {}) =>
  withEnvFileSettings(env, folder, { ...none, ...given });

it('takes COMPOSE_ variables from the .env, and only those', async () => {
  expect(await settings({})).toEqual({ COMPOSE_ANSI: 'never', COMPOSE_MENU: '0' });
});

it("lets the shell's win", async () => {
  expect(await settings({ COMPOSE_ANSI: 'auto' })).toEqual({ COMPOSE_ANSI: 'auto', COMPOSE_MENU: '0' });
});

it('looks beside the first file, or in the project directory', async () => {
  expect(await withEnvFileSettings({}, folder, { ...none, files: ['sub/compose.yaml'] })).toEqual({
    COMPOSE_ANSI: 'always',
  });
  expect(await withEnvFileSettings({}, folder, { ...none, projectDirectory: 'sub' })).toEqual({
    COMPOSE_ANSI: 'always',
  });
});

it('reads nothing when told so, and nothing from a broken file', async () => {
  expect(await settings({ COMPOSE_DISABLE_ENV_FILE: '1' })).toEqual({ COMPOSE_DISABLE_ENV_FILE: '1' });
  expect(await settings({ COMPOSE_ENV_FILES: 'broken.env' })).toEqual({ COMPOSE_ENV_FILES: 'broken.env' });
});
