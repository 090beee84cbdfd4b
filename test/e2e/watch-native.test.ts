// watch on the native engine: what is saved here is what a container has there, ten times in a row, and goes again.
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { start } from '../../scripts/ground/run.ts';
import { eventually } from '../support/eventually.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';
import { treeOf } from '../watch/tree-of-files.ts';

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

const STACK = `
name: watched
services:
  web:
    image: busybox:latest
    command: sleep 100000
    user: nobody
    stop_grace_period: 0s
    develop:
      watch:
        - {action: sync, path: ./src, target: /app, initial_sync: true}
`;

test('saved, renamed, swapped and removed files are the same inside', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-watched-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const src = (path: string): string => join(folder, 'src', path);
  await mkdir(src('folder'), { recursive: true });
  await writeFile(join(folder, 'compose.yaml'), STACK);
  await writeFile(src('folder/file'), 'from the beginning');
  const { program } = inject('ground');
  const env = { ...process.env, DOCKER_HOST: engine.host };
  const watch = start(process.execPath, [program, 'watch'], { cwd: folder, env });
  onTestFinished(() => {
    watch.process.kill('SIGKILL');
  });
  let copies = 0;
  const arrives = async (): Promise<void> => {
    const wanted = await treeOf(join(folder, 'src'));
    await eventually(`the container has what is in src: ${watch.output()}`, async () => {
      copies += 1;
      const copy = join(folder, `copy-${copies}`);
      await engine.docker(['cp', 'watched-web-1:/app/.', copy]);
      return JSON.stringify(await treeOf(copy)) === JSON.stringify(wanted);
    });
  };
  await eventually('the watch has begun', () => watch.output().includes('Watch enabled'));
  await arrives();
  await writeFile(src('folder/file'), 'saved');
  await writeFile(src('folder/other'), 'new');
  await arrives();
  const owner = await engine.docker(['exec', 'watched-web-1', 'stat', '-c', '%U', '/app/folder/other']);
  expect(owner.stdout).toBe('nobody\n');
  await rename(src('folder'), src('renamed'));
  await writeFile(src('folder'), 'a file where a folder was');
  await arrives();
  await rm(src('renamed'), { recursive: true });
  await arrives();
  await engine.docker(['restart', '-t', '0', 'watched-web-1']);
  await writeFile(src('last'), 'after a restart');
  await arrives();
  watch.process.kill('SIGINT');
  expect((await watch.ended).exitCode).toBe(130);
});
