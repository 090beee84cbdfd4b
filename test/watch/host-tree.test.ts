import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noWatch, systemWatch } from '../../src/watch/folder-watch.ts';
import { HostTree, type HostTreeOptions } from '../../src/watch/host-tree.ts';
import { compileRule, interestOf } from '../../src/watch/rules.ts';
import { eventually } from '../support/eventually.ts';

let root: string;
let trees: HostTree[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'windlass-tree-'));
  trees = [];
});
afterEach(() => {
  for (const tree of trees) tree.close();
  rmSync(root, { recursive: true, force: true });
});

/** A tree on `path` below the root, and all that it has told of, without the root. */
async function watched(path: string, rule: { ignore?: string[] } = {}, options: Partial<HostTreeOptions> = {}) {
  const told = new Set<string>();
  const tree = new HostTree({
    interest: interestOf([
      compileRule('web', { path: join(root, path), action: 'sync', target: '/app', ...rule }, undefined),
    ]),
    openWatch: systemWatch((error) => {
      throw error;
    }),
    eventsBeforeCheck: 1_000_000,
    onChanges: (paths) => {
      for (const one of paths) told.add(one.slice(root.length + 1));
    },
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  trees.push(tree);
  await tree.start();
  return {
    tree,
    told,
    tells: (...paths: string[]) => eventually(`told of ${paths}`, () => paths.every((p) => told.has(p))),
  };
}

const write = (path: string, text = 'x'): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};

/**
 * Fills the kernel's queue, which holds 16,384 events unless set otherwise: two for each renaming, all in one turn of the event loop,
 * so that none is read meanwhile.
 */
function overflow(): void {
  const events = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  const names = [join(root, 'src/a'), join(root, 'src/b')] as const;
  for (let i = 0; i <= events / 2; i++) renameSync(names[i % 2 === 0 ? 0 : 1], names[i % 2 === 0 ? 1 : 0]);
}

describe('what is told', () => {
  test('a save, a new file, a removal', async () => {
    write('src/a');
    write('src/gone');
    const { tells } = await watched('src');
    write('src/a', 'other');
    write('src/deep/er/new');
    rmSync(join(root, 'src/gone'));
    await tells('src/a', 'src/deep', 'src/deep/er', 'src/deep/er/new', 'src/gone');
  });

  test("an editor's save by renaming tells of the file alone", async () => {
    write('src/page.html');
    const { told, tells } = await watched('src');
    write('src/.page.html.swp');
    write('src/page.html~');
    write('src/4913');
    rmSync(join(root, 'src/4913'));
    write('src/.#page.html', 'new');
    renameSync(join(root, 'src/.#page.html'), join(root, 'src/page.html'));
    await tells('src/page.html');
    expect([...told]).toEqual(['src/page.html']);
  });

  test('a folder that is renamed is gone under the old name and there under the new one', async () => {
    write('src/old/file');
    const { tells } = await watched('src');
    renameSync(join(root, 'src/old'), join(root, 'src/new'));
    await tells('src/old', 'src/old/file', 'src/new', 'src/new/file');
    write('src/new/file', 'later');
    write('src/new/later');
    await tells('src/new/later');
  });

  test('a folder that is replaced by another at once is watched on', async () => {
    write('src/pkg/one');
    const { told, tells } = await watched('src');
    rmSync(join(root, 'src/pkg'), { recursive: true });
    write('src/pkg/two');
    await tells('src/pkg/two');
    told.clear();
    write('src/pkg/three');
    await tells('src/pkg/three');
  });

  test('a watched path that is not there yet', async () => {
    const { tells } = await watched('not/there/yet');
    write('not/there/yet/file');
    await tells('not/there/yet/file');
  });

  test('a single file, also when it is replaced, and nothing beside it', async () => {
    write('conf/site.conf');
    const { told, tells } = await watched('conf/site.conf');
    write('conf/other.conf');
    write('conf/tmp', 'replaced');
    renameSync(join(root, 'conf/tmp'), join(root, 'conf/site.conf'));
    await tells('conf/site.conf');
    told.clear();
    write('conf/site.conf', 'once more');
    await tells('conf/site.conf');
    expect([...told]).toEqual(['conf/site.conf']);
  });
});

describe('a save that changes nothing', () => {
  test('is not told, however it is done', async () => {
    write('src/a', 'same');
    const past = new Date(Date.now() - 10_000);
    utimesSync(join(root, 'src/a'), past, past);
    const { told, tree, tells } = await watched('src');
    // Something told afterwards shows that what came before has been looked at.
    write('src/a', 'changed');
    await tells('src/a');
    told.clear();
    write('src/a', 'changed');
    write('src/tmp', 'changed');
    renameSync(join(root, 'src/tmp'), join(root, 'src/a'));
    utimesSync(join(root, 'src/a'), past, past);
    write('src/last');
    await tells('src/last');
    await tree.settled();
    expect([...told].filter((path) => path !== 'src/tmp')).toEqual(['src/last']);
  });
});

describe('thrift', () => {
  test('an ignored folder of 2,000 folders is neither watched nor read', async () => {
    write('src/a');
    for (let i = 0; i < 2000; i++) mkdirSync(join(root, `src/node_modules/p${i}`), { recursive: true });
    const { tree } = await watched('src', { ignore: ['node_modules/'] });
    expect(tree.size).toBeLessThan(5);
  });

  test('an ignored folder that appears later is not watched either', async () => {
    write('src/a');
    const { tree, told, tells } = await watched('src', { ignore: ['**/node_modules'] });
    write('src/pkg/node_modules/left-pad/index.js');
    write('src/pkg/index.js');
    await tells('src/pkg/index.js');
    expect([...told].filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(tree.size).toBe(3);
  });
});

describe('nothing is missed', () => {
  test("what the kernel's queue had no room for is found by looking", async () => {
    write('src/a');
    const { tells } = await watched('src', {}, { eventsBeforeCheck: 2048 });
    overflow();
    write('src/new/one');
    write('src/two');
    await tells('src/new', 'src/new/one', 'src/two');
  });

  test('without any events, polling finds the same', async () => {
    write('src/a');
    write('src/b/c');
    const { tree, tells } = await watched('src', {}, { openWatch: noWatch });
    write('src/a', 'new');
    rmSync(join(root, 'src/b'), { recursive: true });
    write('src/d/e');
    tree.lookAtEverything();
    await tells('src/a', 'src/b', 'src/b/c', 'src/d', 'src/d/e');
  });
});
