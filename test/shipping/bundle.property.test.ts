// The same files are the same bytes, whatever the folder, the times, the modes and the order in which they were made; and what is
// packed comes back.
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeTar } from '../../src/archive/tar-writer.ts';
import { filesToPack } from '../../src/shipping/bundle/pack-files.ts';
import { unpackFiles } from '../../src/shipping/bundle/unpack-files.ts';

interface TestFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

const name = fc.stringMatching(/^[a-zä][a-z0-9 _.-]{0,12}$/).filter((text) => text !== '.' && !text.endsWith('.'));
const tree = fc
  .uniqueArray(
    fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
      content: fc.uint8Array({ maxLength: 2000 }),
      executable: fc.boolean(),
    }),
    { maxLength: 8, selector: ({ path }) => path },
  )
  // A name cannot be a folder and a file.
  .map((files) => files.filter(({ path }) => !files.some((other) => other.path.startsWith(`${path}/`))));

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-pack-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function make(folder: string, files: readonly TestFile[], time: number, mode: number): Promise<void> {
  for (const { path, content, executable } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, executable ? mode | 0o100 : mode & ~0o111);
    await utimes(file, time, time);
  }
}

async function pack(folder: string): Promise<Buffer> {
  const entries = await filesToPack({
    root: folder,
    take: [folder],
    leave: [],
    texts: new Map(),
    onSkipped: () => undefined,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it('another folder, day, user and order: the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.nat(2_000_000_000),
      fc.constantFrom(0o644, 0o600, 0o664, 0o777),
      async (files, time, mode) => {
        const [one, two] = await inFolder((a) =>
          inFolder(async (b) => {
            await make(a, files, 1, 0o644);
            await make(b, [...files].reverse(), time, mode);
            return [await pack(a), await pack(b)];
          }),
        );
        expect(two.equals(one)).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

it('what is packed comes back, and packs to the same bytes again', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      await inFolder((from) =>
        inFolder(async (to) => {
          await make(from, files, 1, 0o644);
          const bytes = await pack(from);
          await unpackFiles(
            (async function* () {
              yield bytes;
            })(),
            to,
          );
          for (const { path, content, executable } of files) {
            expect(Buffer.compare(await readFile(join(to, path)), content)).toBe(0);
            expect(((await stat(join(to, path))).mode & 0o100) !== 0).toBe(executable);
          }
          expect((await pack(to)).equals(bytes)).toBe(true);
        }),
      );
    }),
    { numRuns: 40 },
  );
});
