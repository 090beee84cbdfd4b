// Imports go one way, and each library has one home. The picture in docs/architecture.md is drawn from the same scan;
// `node scripts/draw-imports.ts` draws it anew.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ARROWS, LIBRARY_HOMES, picture, roomOf } from './support/house.ts';
import { importGraph, importsOf } from './support/import-graph.ts';

const graph = importGraph();
const files = graph.filter(({ kind }) => kind === 'file');

test('imports go the way the house allows', () => {
  const wrong = files.filter(({ from, to }) => {
    const [here, there] = [roomOf(from), roomOf(to)];
    return here !== there && there !== 'vocabulary' && !ARROWS[here].includes(there);
  });
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('the desired state imports nothing', () => {
  expect(graph.filter(({ from }) => from === 'model.ts')).toEqual([]);
});

test('each library is imported in its one home', () => {
  const strays = graph.filter(({ from, to, kind }) => kind === 'package' && LIBRARY_HOMES[to] !== roomOf(from));
  expect(strays.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('only main.ts ends the process', () => {
  const enders = graph.map(({ from }) => from).filter((file, i, all) => all.indexOf(file) === i && file !== 'main.ts');
  const src = fileURLToPath(new URL('../src/', import.meta.url));
  expect(enders.filter((file) => /\bprocess\.exit\(/.test(readFileSync(src + file, 'utf8')))).toEqual([]);
});

test('docs/architecture.md shows the imports there are', () => {
  const doc = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8');
  const shown = /<!-- imports:begin -->\n([\s\S]*?)\n<!-- imports:end -->/.exec(doc)?.[1];
  expect(shown, 'run: node scripts/draw-imports.ts').toBe(
    picture(files.map(({ from, to }) => [roomOf(from), roomOf(to)] as const)),
  );
});

test('the scan sees every form of import, and no comment', () => {
  const text = `
// import { a } from './comment.ts';
import type { B } from '../model.ts';
import './side-effect.ts';
export { c } from 'yaml';
const d = await import('@scope/name/deep');
import {
  e,
} from "node:fs";`;
  expect(importsOf('spec/x.ts', text)).toEqual([
    { from: 'spec/x.ts', to: 'model.ts', kind: 'file' },
    { from: 'spec/x.ts', to: 'spec/side-effect.ts', kind: 'file' },
    { from: 'spec/x.ts', to: 'yaml', kind: 'package' },
    { from: 'spec/x.ts', to: '@scope/name', kind: 'package' },
    { from: 'spec/x.ts', to: 'node:fs', kind: 'node' },
  ]);
});

test('every file of the project that the documents name is there', () => {
  const root = new URL('../', import.meta.url);
  const docs = readdirSync(new URL('docs', root)).filter((file) => file.endsWith('.md'));
  const named = ['README.md', 'CONTRIBUTING.md', ...docs.map((file) => `docs/${file}`)].flatMap((doc) => {
    const text = readFileSync(new URL(doc, root), 'utf8');
    const paths = [...text.matchAll(/`((?:src|test|scripts|bench|examples|schemas|docs|\.ci)\/[\w./-]*)`/g)];
    const links = [...text.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path = '']) => join(dirname(doc), path));
    return [...paths.map(([, path = '']) => path), ...links].map((path) => ({ doc, path }));
  });
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(({ path }) => !existsSync(new URL(path, root)));
  expect(missing.map(({ doc, path }) => `${doc}: ${path}`)).toEqual([]);
});
