// The pictures in the documents show what a terminal would: the last state of a live view.
import { expect, test } from 'vitest';
import { type Cell, screenAfter } from '../../scripts/picture/screen.ts';
import { svgOf } from '../../scripts/picture/svg.ts';

const ESC = String.fromCharCode(27);
const texts = (rows: readonly (readonly Cell[])[]): string[] => rows.map((row) => row.map(({ text }) => text).join(''));

test('a line that is drawn again replaces the old one', () => {
  expect(texts(screenAfter(`one\r\ntwo and more\r\n${ESC}[1Atwo${ESC}[K\r\nthree\r\n`))).toEqual([
    'one',
    'two',
    'three',
  ]);
});

test('erasing below takes what was drawn there', () => {
  expect(texts(screenAfter(`a\r\nb\r\nc\r${ESC}[2A${ESC}[Jx`))).toEqual(['x']);
});

test('colours become fills, and markup is escaped', () => {
  const picture = svgOf(screenAfter(`${ESC}[32m<ok>${ESC}[0m plain`), 'a & b', 40);
  expect(picture).toContain('fill="#7ec699">&lt;ok&gt;</text>');
  expect(picture).toContain('<title>a &amp; b</title>');
});
