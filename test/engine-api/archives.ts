// `/containers/{id}/archive`, `/export`, `/changes`: files in and out of containers.
import { beforeAll, expect, test } from 'vitest';
import { readTar } from '../../src/archive/tar-reader.ts';
import { archiveOf } from '../support/tar.ts';
import { type At, expectRefusal, good } from './bench.ts';

interface Stat {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly mtime: string;
  readonly linkTarget: string;
}

const DIRECTORY = 2 ** 31;
const SYMLINK = 2 ** 27;

export function archives(at: At): void {
  let id = '';
  let stopped = '';
  beforeAll(async () => {
    id = await at().run();
    await at().exec(
      id,
      'mkdir -p /d/sub; echo text > /d/file; chmod 640 /d/file; ln -s file /d/link; echo deep > /d/sub/deep; ln -s /etc /d/etc',
    );
    stopped = await at().finished('mkdir /made; echo kept > /made/file; rm /etc/group; echo more >> /etc/passwd');
  });
  const get = async (path: string, container = id): Promise<Record<string, string>> => {
    const { body, headers } = good(await at().api.get(`/containers/${container}/archive`, { path }));
    expect(headers['content-type']).toBe('application/x-tar');
    return contents(body);
  };
  const put = (path: string, body: Buffer | string, query = {}, container = id) =>
    at().api.ask('PUT', `/containers/${container}/archive`, { query: { path, ...query }, body });
  const stat = async (path: string): Promise<Stat> => {
    const { headers, status } = await at().api.ask('HEAD', `/containers/${id}/archive`, { query: { path } });
    expect(status).toBe(200);
    return JSON.parse(Buffer.from(String(headers['x-docker-container-path-stat']), 'base64').toString()) as Stat;
  };

  test('stat of a file', async () => {
    expect(await stat('/d/file')).toMatchObject({
      name: 'file',
      size: 5,
      mode: 0o640,
      linkTarget: '',
      mtime: expect.stringMatching(/^\d{4}-/),
    });
  });
  test('stat of a folder and of a link', async () => {
    expect((await stat('/d')).mode).toBe(DIRECTORY + 0o755);
    const link = await stat('/d/link');
    expect([link.mode - (link.mode % SYMLINK), link.linkTarget]).toEqual([SYMLINK, '/d/file']);
  });
  test('stat of what is not there is 404', async () => {
    const { status } = await at().api.ask('HEAD', `/containers/${id}/archive`, { query: { path: '/none' } });
    expect(status).toBe(404);
  });
  test('a file comes as an archive of one entry', async () => {
    expect(await get('/d/file')).toEqual({ file: 'text\n' });
  });
  test('a folder comes with its name and what is below', async () => {
    expect(await get('/d')).toMatchObject({ 'd/': '', 'd/file': 'text\n', 'd/sub/deep': 'deep\n', 'd/link': '→ file' });
  });
  test('a folder’s content, without its name', async () => {
    expect(Object.keys(await get('/d/sub/.')).sort()).toEqual(['./', './deep'].sort());
  });
  test('through a link to a folder', async () => {
    expect(await get('/d/etc/hostname')).toEqual({ hostname: expect.stringMatching(/^[0-9a-f]{12}\n$/) });
  });
  test('of what a link leads to, under the link’s name, where a slash follows', async () => {
    await at().exec(id, 'ln -s sub "/d/a,b"');
    expect(await get('/d/a,b/')).toEqual({ 'a,b/': '', 'a,b/deep': 'deep\n' });
    expect(await get('/d/a,b')).toEqual({ 'a,b': '→ sub' });
  });
  test('the whole file system, by its own paths', async () => {
    const all = await get('/');
    expect(all).toMatchObject({ '/': '', '/d/file': 'text\n', '/proc/': '' });
    expect(all).not.toHaveProperty(['/proc/version']);
  });
  test('a slash behind a file makes no folder of it', async () => {
    const status = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    for (const path of ['/d/file/', '/d/file/below'])
      expectRefusal(await at().api.get(`/containers/${id}/archive`, { path }), status, /not a directory/);
  });
  test('the head comes with the archive', async () => {
    const { headers } = await at().api.get(`/containers/${id}/archive`, { path: '/d/file' });
    expect(headers['x-docker-container-path-stat']).toBeDefined();
  });
  test('what is not there is 404, with container and path', async () => {
    expectRefusal(
      await at().api.get(`/containers/${id}/archive`, { path: '/none' }),
      404,
      new RegExp(`Could not find the file /none in container ${id}`),
    );
  });
  test('a path is needed', async () => {
    expectRefusal(await at().api.get(`/containers/${id}/archive`), 400, /path/);
  });
  test('out of a container that has stopped', async () => {
    expect(await get('/made/file', stopped)).toEqual({ file: 'kept\n' });
  });
  test('in: files, folders, links, owners and modes', async () => {
    const tar = archiveOf([
      { path: 'in/', type: 'directory', mode: 0o700 },
      { path: 'in/file', content: 'new\n', mode: 0o600, uid: 12, gid: 34 },
      { path: 'in/link', type: 'symlink', linkPath: 'file' },
    ]);
    expect((await put('/tmp', tar)).status).toBe(200);
    expect((await at().exec(id, 'cd /tmp/in; cat link; stat -c "%a %u %g" file .')).stdout).toBe(
      'new\n600 12 34\n700 0 0\n',
    );
  });
  test('in: gzip is taken too', async () => {
    const { gzipSync } = await import('node:zlib');
    good(await put('/tmp', gzipSync(archiveOf([{ path: 'zipped', content: 'z' }]))));
    expect((await at().exec(id, 'cat /tmp/zipped')).stdout).toBe('z');
  });
  test('in: a folder that is not there is 404', async () => {
    expectRefusal(await put('/none', archiveOf([])), 404, /Could not find the file|no such/i);
  });
  test('in: a file as the place is 400', async () => {
    expectRefusal(
      await put('/etc/passwd', archiveOf([])),
      at().differs('mistakes are 4xx', { docker: 500, native: 400 }),
      /not a directory|extraction point is not a directory/i,
    );
  });
  test('in: a folder does not replace a file where that is forbidden', async () => {
    const tar = archiveOf([{ path: 'passwd/', type: 'directory' }]);
    expectRefusal(
      await put('/etc', tar, { noOverwriteDirNonDir: 1 }),
      at().differs('mistakes are 4xx', { docker: 500, native: 400 }),
      /cannot overwrite non-directory/,
    );
    expect((await at().exec(id, 'test -f /etc/passwd')).exitCode).toBe(0);
  });
  test('in: what is no archive is refused', async () => {
    expect((await put('/tmp', Buffer.alloc(2048, 'x'))).status).toBeGreaterThanOrEqual(400);
  });
  test('in: a container that has stopped', async () => {
    good(await put('/made', archiveOf([{ path: 'late', content: 'late\n' }]), {}, stopped));
    expect(await get('/made/late', stopped)).toEqual({ late: 'late\n' });
  });
  test('in: a root that is read-only is refused', async () => {
    const readOnly = await at().create({ HostConfig: { ReadonlyRootfs: true } });
    expectRefusal(
      await put('/tmp', archiveOf([{ path: 'f', content: '' }]), {}, readOnly),
      at().differs('mistakes are 4xx', { docker: 500, native: 403 }),
      /rootfs is marked read-only/,
    );
  });
  test('the engine’s own files are there before the first start', async () => {
    const fresh = await at().create();
    expect(Object.keys(await get('/etc/resolv.conf', fresh))).toEqual(['resolv.conf']);
  });
  test('export holds the whole file system', async () => {
    const answer = good(await at().api.get(`/containers/${stopped}/export`));
    const all = await contents(answer.body);
    const file = Object.entries(all).find(([path]) => path.replace(/^\.\//, '') === 'made/file');
    expect(file?.[1]).toBe('kept\n');
    expect(Object.keys(all).some((path) => path.replace(/^\.\//, '') === 'etc/group')).toBe(false);
  });
  test('changes: made, changed, deleted', async () => {
    const changes = good(await at().api.get(`/containers/${stopped}/changes`)).json as { Path: string; Kind: number }[];
    const kinds = Object.fromEntries(changes.map(({ Path, Kind }) => [Path, Kind]));
    expect(kinds).toMatchObject({ '/made': 1, '/made/file': 1, '/etc': 0, '/etc/passwd': 0, '/etc/group': 2 });
    expect(kinds).not.toHaveProperty('/bin');
  });
  test('changes of what has none are null', async () => {
    expect(good(await at().api.get(`/containers/${await at().create()}/changes`)).json).toBeNull();
  });
}

/** Path → text; `→ target` for links. */
async function contents(tar: Buffer): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  async function* whole(): AsyncGenerator<Buffer> {
    yield tar;
  }
  for await (const entry of readTar(whole())) {
    const pieces: Buffer[] = [];
    for await (const piece of entry.body()) pieces.push(Buffer.from(piece));
    const name = entry.type === 'directory' ? `${entry.path.replace(/\/$/, '')}/` : entry.path;
    found[name] = entry.type === 'symlink' ? `→ ${entry.linkPath}` : Buffer.concat(pieces).toString();
  }
  return found;
}
