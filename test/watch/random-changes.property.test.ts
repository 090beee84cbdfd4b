// Whatever happens to the watched files, and however fast, the containers have the same in the end.
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRule } from '../../src/watch/rules.ts';
import { WatchSession } from '../../src/watch/session.ts';
import { eventually } from '../support/eventually.ts';
import { FolderContainers } from '../support/folder-containers.ts';
import { treeOf } from './tree-of-files.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), path, text: fc.string({ maxLength: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('safe-write' as const), path, text: fc.string({ maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mkdir' as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rm' as const), path }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mv' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), path, to: path }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o600, 0o755) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.constantFrom(0, 1, 4, 12) }) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What cannot be done, as a file where a folder would be needed, is left undone. */
async function carryOut(root: string, one: Change): Promise<void> {
  if (one.kind === 'pause') return new Promise((resolve) => setTimeout(resolve, one.ms));
  const at = join(root, one.path);
  try {
    if (one.kind === 'write') await writeFile(at, one.text);
    else if (one.kind === 'safe-write') {
      await writeFile(`${at}~`, one.text);
      await rename(`${at}~`, at);
    } else if (one.kind === 'mkdir') await mkdir(at, { recursive: true });
    else if (one.kind === 'rm') await rm(at, { recursive: true, force: true });
    else if (one.kind === 'mv') await rename(at, join(root, one.to));
    else if (one.kind === 'link') await symlink(one.to, at);
    else await chmod(at, one.mode);
  } catch {
    await rm(`${at}~`, { force: true }).catch(() => {});
  }
}

test('random changes of files arrive in every container', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
      const root = await mkdtemp(join(tmpdir(), 'windlass-watch-'));
      const over = new AbortController();
      const source = join(root, 'source');
      const problems: string[] = [];
      const containers = new FolderContainers(join(root, 'containers'));
      try {
        await mkdir(join(source, 'a'), { recursive: true });
        await writeFile(join(source, 'a/b'), 'from the beginning');
        containers.start('web-1', 'web');
        containers.start('web-2', 'web');
        const session = new WatchSession({
          engine: containers.engine,
          project: 'shop',
          services: { web: { name: 'web', command: null, entrypoint: null } },
          rules: [compileRule('web', { path: source, action: 'sync', target: '/app', initial_sync: true }, undefined)],
          actions: noActions,
          log: () => {},
          problem: (text) => problems.push(text),
          signal: over.signal,
        });
        await session.prepare();
        const running = session.run();
        for (const one of changes) await carryOut(source, one);
        const wanted = await treeOf(source);
        const state = { found: {} as unknown };
        await eventually(
          'the containers have what the host has',
          async () => {
            state.found = await Promise.all(
              ['web-1', 'web-2'].map((id) => treeOf(join(containers.folder(id), 'app')).catch(() => ({}))),
            );
            return JSON.stringify(state.found) === JSON.stringify([wanted, wanted]);
          },
          8000,
        ).catch(() => expect(state.found).toEqual([wanted, wanted]));
        over.abort();
        await running;
        expect(problems).toEqual([]);
      } finally {
        over.abort();
        await rm(root, { recursive: true, force: true });
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
});

const refuse = (): Promise<never> => Promise.reject(new Error('nothing but syncs'));
const noActions = { rebuild: refuse, restart: refuse, exec: refuse, run: refuse };
