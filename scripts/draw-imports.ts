// Draws the import picture into docs/architecture.md, between its markers. test/architecture.test.ts checks that it is up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { picture, roomOf } from '../test/support/house.ts';
import { importGraph } from '../test/support/import-graph.ts';

const file = new URL('../docs/architecture.md', import.meta.url);
const arrows = importGraph()
  .filter(({ kind }) => kind === 'file')
  .map(({ from, to }) => [roomOf(from), roomOf(to)] as const);
const text = await readFile(file, 'utf8');
const drawn = text.replace(
  /(<!-- imports:begin -->\n)[\s\S]*?(\n<!-- imports:end -->)/,
  (_, begin: string, end: string) => `${begin}${picture(arrows)}${end}`,
);
await writeFile(file, drawn);
