// Bundles src/main.ts into dist/: the launcher dist/windlass.js and the chunks it loads from dist/lib/.
// A running windlass, or another build at the same time, never sees a half-written dist: files appear by rename, the launcher last.
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { bareSchema } from './build/bare-schema.ts';
import { chunkGroups } from './build/chunk-groups.ts';
import { lazyLibraries } from './build/lazy-libraries.ts';
import { licenceNotices } from './build/licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** Chunks of earlier builds stay this long, for processes that may still load one. */
const KEEP_OLD_CHUNKS_MS = 60 * 60 * 1000;

// CommonJS libraries inside an ES module need the names that Node gives them elsewhere.
const COMMONJS_NAMES = [
  "import { createRequire as windlassCreateRequire } from 'node:module';",
  "import { dirname as windlassDirname } from 'node:path';",
  "import { fileURLToPath as windlassFilePath } from 'node:url';",
  'const require = windlassCreateRequire(import.meta.url);',
  'const __filename = windlassFilePath(import.meta.url);',
  'const __dirname = windlassDirname(__filename);',
].join('\n');

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Smaller text is read and compiled faster; names are kept because stack traces of bugs are shown to people.
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  external: ['*.node', 'cpu-features'],
} as const satisfies BuildOptions;

/** The first file Node reads: sets up the compile cache (Node 22.1 and later), then loads the program. */
function launcher(mainChunk: string): string {
  return `#!/usr/bin/env node
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
try {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  module.enableCompileCache?.(join(caches, 'windlass', 'compiled'));
} catch {}
await import('./lib/${mainChunk}');
`;
}

/** Only where they are used: making `require` in each of thirty chunks takes milliseconds at every start. */
async function addCommonJsNames(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (/\b(require|__dirname|__filename)\b/.test(text)) await writeFile(file, `${COMMONJS_NAMES}\n${text}`);
}

async function bundle(into: string): Promise<{ mainChunk: string; metafiles: Metafile[] }> {
  const lib = join(into, 'lib');
  const program = await build({
    ...common,
    entryPoints: [join(root, 'src/main.ts')],
    outdir: lib,
    format: 'esm',
    splitting: true,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    // Node looks for a package.json to know what a .js file is, for each of them.
    outExtension: { '.js': '.mjs' },
    plugins: [bareSchema(), chunkGroups(root), lazyLibraries()],
  });
  const main = Object.entries(program.metafile.outputs).find(([, output]) => output.entryPoint === 'src/main.ts');
  if (main === undefined) throw new Error('the bundle has no chunk for src/main.ts');
  for (const output of Object.keys(program.metafile.outputs)) await addCommonJsNames(join(root, output));
  return { mainChunk: basename(main[0]), metafiles: [program.metafile] };
}

/** Moves every file of the new `lib` into place; each name stands for one content, or is replaced whole. */
async function install(from: string, to: string): Promise<Set<string>> {
  const installed = new Set<string>();
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length + 1));
    await mkdir(dirname(target), { recursive: true });
    await rename(source, target);
    installed.add(target);
  }
  return installed;
}

async function removeOldChunks(lib: string, current: ReadonlySet<string>): Promise<void> {
  const oldest = Date.now() - KEEP_OLD_CHUNKS_MS;
  for (const entry of await readdir(lib, { withFileTypes: true })) {
    const file = join(lib, entry.name);
    if (!entry.isFile() || current.has(file)) continue;
    if ((await stat(file)).mtimeMs < oldest) await unlink(file);
  }
}

async function main(): Promise<void> {
  const started = performance.now();
  await mkdir(dist, { recursive: true });
  const work = await mkdtemp(join(dist, '.build-'));
  try {
    const { mainChunk, metafiles } = await bundle(work);
    const lib = join(dist, 'lib');
    const installed = await install(join(work, 'lib'), lib);
    const now = new Date();
    for (const file of installed) await utimes(file, now, now);
    await writeFile(join(work, 'licences'), await licenceNotices(root, metafiles));
    await rename(join(work, 'licences'), join(dist, 'THIRD-PARTY-LICENSES.txt'));
    await writeFile(join(work, 'windlass.js'), launcher(mainChunk));
    await chmod(join(work, 'windlass.js'), 0o755);
    await rename(join(work, 'windlass.js'), join(dist, 'windlass.js'));
    await removeOldChunks(lib, installed);
    const bytes = (await Promise.all([...installed].map((file) => readFile(file)))).reduce(
      (sum, b) => sum + b.length,
      0,
    );
    console.log(
      `dist/windlass.js: ${installed.size} files, ${(bytes / 1024).toFixed(0)} KiB, ${(performance.now() - started).toFixed(0)} ms`,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

await main();
