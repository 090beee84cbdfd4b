// The schema as one line of text for JSON.parse, without what is there for readers: smaller, and read faster than code.
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Keys that say nothing of what is allowed. */
const PROSE = new Set(['description', 'title', 'default', 'deprecated']);

function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== 'object' || value === null) return value;
  // A property may be called "title" too: then it holds a schema, not a text or a flag.
  const kept = Object.entries(value).filter(([key, inner]) => !PROSE.has(key) || typeof inner === 'object');
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutProse(inner)]));
}

/** esbuild plugin that puts the bare schema in the place of the full one. */
export function bareSchema(): Plugin {
  return {
    name: 'bare-schema',
    setup(build) {
      build.onLoad({ filter: /[\\/]schemas[\\/]compose-spec\.json$/ }, async ({ path }) => {
        const bare = JSON.stringify(withoutProse(JSON.parse(await readFile(path, 'utf8'))));
        return { contents: `export default JSON.parse(${JSON.stringify(bare)});`, loader: 'js' };
      });
    },
  };
}
