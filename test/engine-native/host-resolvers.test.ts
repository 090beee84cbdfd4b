import { expect, test } from 'vitest';
import type { Files } from '../../src/engine/native/host.ts';
import { HostResolvers } from '../../src/engine/native/networks/host-resolvers.ts';

test('the host’s resolvers are those of its file now, which is read when it has changed', async () => {
  let file: { readonly mtimeMs: number; readonly text: string } | undefined = {
    mtimeMs: 1,
    text: 'nameserver 192.0.2.1\nsearch example\nnameserver 2001:db8::1\n',
  };
  let reads = 0;
  const there = <T>(value: T | undefined): Promise<T> =>
    value === undefined
      ? Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }))
      : Promise.resolve(value);
  const files = {
    stat: () => there(file && { dev: 1, ino: 1, mtimeMs: file.mtimeMs, size: 9 }),
    readFile: () => {
      reads += 1;
      return there(file?.text);
    },
  } as unknown as Files;
  const resolvers = new HostResolvers({ files });
  expect(await resolvers.addresses()).toEqual(['192.0.2.1', '2001:db8::1']);
  await resolvers.addresses();
  expect(reads).toBe(1);
  file = { mtimeMs: 2, text: 'nameserver 198.51.100.7\n' };
  expect(await resolvers.addresses()).toEqual(['198.51.100.7']);
  file = undefined;
  expect(await resolvers.addresses()).toEqual([]);
});
