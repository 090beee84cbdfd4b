// What the README says of keys comes from the schema; `node scripts/draw-keys.ts` writes it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXCEPTIONS, KEYS_BLOCK, keysTable, SECTIONS } from '../scripts/draw-keys.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the table of supported keys is up to date', () => {
  const block = KEYS_BLOCK.exec(readme)?.[0];
  expect(block, 'run: node scripts/draw-keys.ts').toBe(`<!-- keys:begin -->\n${keysTable()}\n<!-- keys:end -->`);
});

test('every section has keys, and every exception is one of them', () => {
  for (const [section, keys] of Object.entries(SECTIONS)) expect(keys.length, section).toBeGreaterThan(0);
  const unknown = Object.entries(EXCEPTIONS).flatMap(([section, keys]) =>
    Object.keys(keys).filter((key) => !SECTIONS[section]?.includes(key)),
  );
  expect(unknown).toEqual([]);
});

test('the scripts that the README names exist', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...readme.matchAll(/(?:`|^)npm (?:run )?([\w:]+)/gm)].map(([, name = '']) => name);
  expect(named.filter((name) => !['ci', 'link'].includes(name) && scripts[name] === undefined)).toEqual([]);
});
