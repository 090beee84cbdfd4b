// Which modules that are loaded on demand travel together. esbuild makes a chunk for every set of modules that are wanted together, and
// with fifty modules loaded on demand one command would read fifty small files, at half a millisecond each. So modules that the same
// command needs anyway become one thing to load; each command still loads only what it needs.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/** The first pattern that fits a module's path decides; modules that none fits are loaded on their own. */
const GROUPS: readonly { readonly name: string; readonly members: RegExp }[] = [
  { name: 'load', members: /^src\/(spec\/(load|dotenv)|diagnostics)\.ts$/ },
  { name: 'config', members: /^src\/cli\/(commands\/config|config-variables|image-digests)\.ts$/ },
  { name: 'look', members: /^src\/cli\/commands\/(ps|ls|logs|images|port|top|volumes|events|version|stats)\.ts$/ },
  { name: 'inside', members: /^src\/cli\/commands\/(exec|attach|cp|commit|export)\.ts$/ },
  {
    name: 'rare',
    members: /^src\/cli\/(commands\/(doctor|complete|completion|bake-file)|doctor\/.*)\.ts$/,
  },
  // What a day's work changes a project with. Other commands are loaded on their own: each brings much that these do without.
  {
    name: 'change',
    members:
      /^src\/(planner\/(?!plan-|explain-).*|host|cli\/(take-down|commands\/(up|down|create|start|stop|restart|kill|pause|unpause|rm|scale|wait)))\.ts$/,
  },
];

const DYNAMIC_IMPORT = /(?<!typeof |: )\bimport\('(\.{1,2}\/[^']+\.ts)'\)/g;
const NAMESPACE = 'chunk-group';

/** esbuild plugin that turns `import('./up.ts')` into loading its group and taking the module out of it. */
export function chunkGroups(root: string): Plugin {
  const groupOf = (file: string): string | undefined =>
    GROUPS.find(({ members }) => members.test(relative(root, file)))?.name;
  const keyOf = (file: string): string => relative(root, file).replace(/\W/g, '_');
  const targets = (file: string, text: string): string[] =>
    [...text.matchAll(DYNAMIC_IMPORT)].map(([, path = '']) => join(dirname(file), path));

  return {
    name: 'chunk-groups',
    setup(build) {
      const files = globSync('src/**/*.ts', { cwd: root }).map((file) => join(root, file));
      const wanted = [...new Set(files.flatMap((file) => targets(file, readFileSync(file, 'utf8'))))].sort();
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path: file }) => {
        const text = readFileSync(file, 'utf8');
        const contents = text.replace(DYNAMIC_IMPORT, (whole, path: string) => {
          const target = join(dirname(file), path);
          const group = groupOf(target);
          return group === undefined
            ? whole
            : `import('${NAMESPACE}:${group}').then((group) => group.${keyOf(target)})`;
        });
        return { contents, loader: 'ts' };
      });
      build.onResolve({ filter: new RegExp(`^${NAMESPACE}:`) }, ({ path }) => ({
        path: path.slice(NAMESPACE.length + 1),
        namespace: NAMESPACE,
      }));
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path: group }) => ({
        contents: wanted
          .filter((file) => groupOf(file) === group)
          .map((file) => `export * as ${keyOf(file)} from ${JSON.stringify(file)};`)
          .join('\n'),
        resolveDir: root,
        loader: 'js',
      }));
    },
  };
}
