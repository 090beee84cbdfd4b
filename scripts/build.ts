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
import { type BuildOptions, build, type Metafile, transform } from 'esbuild';
import { bareSchema } from './build/bare-schema.ts';
import { chunkGroups } from './build/chunk-groups.ts';
import { lazyLibraries } from './build/lazy-libraries.ts';
import { licenceNotices } from './build/licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** Chunks of earlier builds stay this long, for processes that may still load one. */
const KEEP_OLD_CHUNKS_MS = 60 * 60 * 1000;

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

/**
 * The first file Node reads: sets up the compile cache (Node 22.1 and later), then loads the program. It is a shell script too, for
 * the sake of `--`: without it Node looks for `--env-file` behind the script's name as well, ends where the file is not there, and
 * obeys NODE_OPTIONS in it. (`env -S` would do, but BusyBox's does not know it.)
 */
function launcher(mainChunk: string): string {
  return `#!/bin/sh
':' //; exec node -- "$0" "$@"
'use strict';
try {
  const { enableCompileCache } = require('node:module');
  const caches = process.env.XDG_CACHE_HOME || \`\${require('node:os').homedir()}/.cache\`;
  enableCompileCache?.(\`\${caches}/windlass/compiled\`);
} catch {}
require('./lib/${mainChunk}');
`;
}

/**
 * Turns a chunk into CommonJS. esbuild splits ES modules alone, but Node loads them slowly: links them all before one runs,
 * and fills in every export of its own modules that they import. The same chunks as CommonJS take a tenth off every command.
 */
async function toCommonJs(file: string): Promise<void> {
  const { code } = await transform(await readFile(file, 'utf8'), {
    format: 'cjs',
    platform: 'node',
    target: common.target,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'windlassChunkUrl' },
  });
  const url = "const windlassChunkUrl=require('node:url').pathToFileURL(__filename).href;";
  await writeFile(file, code.includes('windlassChunkUrl') ? `${url}${code}` : code);
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
    outExtension: { '.js': '.cjs' },
    plugins: [bareSchema(), chunkGroups(root), lazyLibraries()],
  });
  const main = Object.entries(program.metafile.outputs).find(([, output]) => output.entryPoint === 'src/main.ts');
  if (main === undefined) throw new Error('the bundle has no chunk for src/main.ts');
  for (const output of Object.keys(program.metafile.outputs)) await toCommonJs(join(root, output));
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
    await writeFile(join(work, 'package.json'), '{"type":"commonjs"}\n');
    await rename(join(work, 'package.json'), join(dist, 'package.json'));
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
