import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextArchive, isRemoteContext, openContext } from '../../../../src/engine/client/build/context.ts';
import type { Build } from '../../../../src/model.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-context-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lay(files: Readonly<Record<string, string>>): string {
  const context = join(folder, 'context');
  for (const [path, text] of Object.entries({ ...files })) {
    mkdirSync(dirname(join(context, path)), { recursive: true });
    writeFileSync(join(context, path), text);
  }
  return context;
}

async function archive(build: Build): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of contextArchive(await openContext('web', build))) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Path → what GNU tar says of it: type, mode, owner, size, link. */
function listed(tar: Buffer): Record<string, string> {
  const file = join(folder, 'out.tar');
  writeFileSync(file, tar);
  const lines = execFileSync('tar', ['--numeric-owner', '-tvf', file], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  }).split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const [mode = '', owner = '', size = '', , , ...rest] = line.split(/\s+/);
        const [path = '', link] = rest.join(' ').split(' -> ');
        return [path, `${mode} ${owner} ${size}${link === undefined ? '' : ` -> ${link}`}`];
      }),
  );
}

describe('the build context', () => {
  it('is what .dockerignore leaves, owned by root, with links as links', async () => {
    const context = lay({ Dockerfile: 'FROM x', '.dockerignore': 'secret\nDockerfile\n', secret: 's', 'sub/a': 'aa' });
    symlinkSync('/etc/passwd', join(context, 'link'));
    expect(listed(await archive({ context }))).toEqual({
      '.dockerignore': '-rw-r--r-- 0/0 18',
      Dockerfile: '-rw-r--r-- 0/0 6',
      link: 'lrwxrwxrwx 0/0 0 -> /etc/passwd',
      'sub/': 'drwxr-xr-x 0/0 0',
      'sub/a': '-rw-r--r-- 0/0 2',
    });
  });

  it('is the same bytes for the same files', async () => {
    const context = lay({ Dockerfile: 'FROM x', b: 'b', a: 'a' });
    for (const name of ['Dockerfile', 'a', 'b']) utimesSync(join(context, name), 1, 1);
    const first = await archive({ context });
    expect(await archive({ context })).toEqual(first);
  });

  it('keeps long, odd and non-ASCII names', async () => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(120)}`;
    const context = lay({
      Dockerfile: 'FROM x',
      [long]: '1',
      'naïve ü.txt': '2',
      [`${'g'.repeat(60)}/${'h'.repeat(60)}`]: '3',
    });
    symlinkSync('t'.repeat(150), join(context, 'far'));
    const paths = Object.keys(listed(await archive({ context })));
    expect(paths).toContain(long);
    expect(paths).toContain(`${'g'.repeat(60)}/${'h'.repeat(60)}`);
    expect(paths.some((path) => /na.*ve .*\.txt/.test(path))).toBe(true);
    expect(listed(await archive({ context })).far).toContain(`-> ${'t'.repeat(150)}`);
  });

  it('takes back what an exception names, below a folder that is left out', async () => {
    const context = lay({ Dockerfile: 'FROM x', '.dockerignore': 'sub\n!sub/keep', 'sub/keep': 'k', 'sub/drop': 'd' });
    expect(Object.keys(listed(await archive({ context })))).toEqual(['.dockerignore', 'Dockerfile', 'sub/keep']);
  });

  it('adds a Dockerfile from elsewhere under a name of its content', async () => {
    const context = lay({ a: 'a' });
    writeFileSync(join(folder, 'Elsewhere'), 'FROM y');
    const source = await openContext('web', { context, dockerfile: '../Elsewhere' });
    expect(source.dockerfile).toMatch(/^\.dockerfile\.[0-9a-f]{20}$/);
    const tar = await archive({ context, dockerfile: '../Elsewhere' });
    expect(Object.keys(listed(tar))).toEqual(['a', source.dockerfile]);
    expect(tar.includes('FROM y')).toBe(true);
    const inline = await openContext('web', { context, dockerfile_inline: 'FROM y' });
    expect(inline.dockerfile).toBe(source.dockerfile);
  });

  it('prefers <Dockerfile>.dockerignore', async () => {
    const context = lay({
      'api.Dockerfile': 'FROM x',
      'api.Dockerfile.dockerignore': 'a',
      '.dockerignore': 'b',
      a: '1',
      b: '2',
    });
    const paths = Object.keys(listed(await archive({ context, dockerfile: 'api.Dockerfile' })));
    expect(paths).toContain('b');
    expect(paths).not.toContain('a');
  });

  it('says what is missing', async () => {
    const context = lay({ a: 'a' });
    await expect(openContext('web', { context: join(folder, 'nowhere') })).rejects.toThrow(
      /service "web": build context ".*nowhere" does not exist/,
    );
    await expect(openContext('web', { context: join(context, 'a') })).rejects.toThrow(/is not a folder/);
    await expect(openContext('web', { context })).rejects.toThrow(/there is no Dockerfile at ".*context\/Dockerfile"/);
    await expect(openContext('web', { context, dockerfile: '/no/such/Dockerfile' })).rejects.toThrow(
      /cannot read the Dockerfile "\/no\/such\/Dockerfile"/,
    );
  });

  it('carries file contents unharmed', async () => {
    const text = 'x'.repeat(100_000);
    const context = lay({ Dockerfile: 'FROM x', big: text, empty: '' });
    const file = join(folder, 'big.tar');
    writeFileSync(file, await archive({ context }));
    execFileSync('tar', ['-xf', file, '-C', folder, 'big', 'empty']);
    expect(readFileSync(join(folder, 'big'), 'utf8')).toBe(text);
    expect(readFileSync(join(folder, 'empty'), 'utf8')).toBe('');
  });
});

describe('remote contexts', () => {
  it.each([
    ['https://github.com/a/b.git#main:sub', true],
    ['git://host/repo', true],
    ['git@github.com:a/b.git', true],
    ['ssh://git@host/repo.git', true],
    ['github.com/a/b', true],
    ['http://host/context.tar.gz', true],
    ['.', false],
    ['./github.com', false],
    ['/srv/app', false],
  ])('%s is remote: %s', (context, remote) => {
    expect(isRemoteContext(context)).toBe(remote);
  });
});
