import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { followLinks, linksBelow, resolveInRoot } from '../../src/engine/native/scoped-path.ts';

const host = realNativeHost();
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'windlass-root-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const resolved = async (path: string): Promise<string> => (await resolveInRoot(host, root, path)).slice(root.length);

test('links lead where they would in a root of their own', async () => {
  await mkdir(join(root, 'usr/lib'), { recursive: true });
  await symlink('/usr/lib', join(root, 'lib'));
  await symlink('../../lib/inner', join(root, 'usr/lib/there'));
  expect(await resolved('/lib/there/./file')).toBe('/usr/lib/inner/file');
  expect(await resolved('lib')).toBe('/usr/lib');
});

test('no link and no ".." leads out of the root', async () => {
  await symlink('../../../../../etc', join(root, 'up'));
  await symlink('/etc/passwd', join(root, 'passwd'));
  expect(await resolved('/up/passwd')).toBe('/etc/passwd');
  expect(await resolved('/passwd')).toBe('/etc/passwd');
  expect(await resolved('/../../a/../../b')).toBe('/b');
});

test('".." after a link is the parent of where the link leads', async () => {
  await mkdir(join(root, 'a/b'), { recursive: true });
  await symlink('/a/b', join(root, 'link'));
  expect(await resolved('/link/../c')).toBe('/a/c');
});

test('what is not there, or is no folder, is taken as it is written', async () => {
  await writeFile(join(root, 'file'), '');
  expect(await resolved('/none/of/this')).toBe('/none/of/this');
  expect(await resolved('/file/below')).toBe('/file/below');
});

test('a last link can be left alone, and links in a circle end', async () => {
  await symlink('round', join(root, 'round'));
  expect(await followLinks('/round', linksBelow(host, root), false)).toBe('/round');
  await expect(resolved('/round')).rejects.toThrow('too many levels of symbolic links: /round');
});
