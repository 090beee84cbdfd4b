// A terminal's screen as an SVG picture in a window.
import type { Cell } from './screen.ts';

const FONT = { size: 14, width: 8.43, height: 20 };
const MARGIN = { side: 18, top: 46, bottom: 16 };
const COLOURS: Readonly<Record<string, string>> = {
  '': '#d7dae0',
  '1': '#ffffff',
  '2': '#7f8794',
  '31': '#f2777a',
  '32': '#7ec699',
  '33': '#e5c07b',
  '34': '#6fb3f2',
  '36': '#66cccc',
};

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ESCAPES[character] ?? character);

function colourOf(style: string): string {
  const known = style.split(';').find((code) => COLOURS[code] !== undefined && code !== '1');
  return COLOURS[known ?? (style.includes('1') && style === '1' ? '1' : '')] ?? '';
}

/** Runs of cells with one style; blank ones are left out, since each run has its own place. */
function runs(cells: readonly Cell[]): { text: string; style: string; column: number }[] {
  const found: { text: string; style: string; column: number }[] = [];
  cells.forEach((cell, column) => {
    const last = found[found.length - 1];
    if (last?.style === cell.style && last.column + [...last.text].length === column) last.text += cell.text;
    else found.push({ text: cell.text, style: cell.style, column });
  });
  return found.filter(({ text }) => text.trim() !== '');
}

/** The picture's text. `title` is shown on the window's bar and read out to those who cannot see it. */
export function svgOf(rows: readonly (readonly Cell[])[], title: string, columns: number): string {
  const width = Math.round(columns * FONT.width + 2 * MARGIN.side);
  const height = rows.length * FONT.height + MARGIN.top + MARGIN.bottom;
  const texts = rows.flatMap((cells, row) =>
    runs(cells).map(({ text, style, column }) => {
      const lead = text.length - text.trimStart().length;
      const x = (MARGIN.side + (column + lead) * FONT.width).toFixed(1);
      const y = MARGIN.top + (row + 0.75) * FONT.height;
      const weight = style.split(';').includes('1') ? ' font-weight="bold"' : '';
      return `<text x="${x}" y="${y}" fill="${colourOf(style)}"${weight}>${escaped(text.trim())}</text>`;
    }),
  );
  const dots = ['#f2777a', '#e5c07b', '#7ec699'].map(
    (fill, i) => `<circle cx="${22 + 20 * i}" cy="20" r="6" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="#1d2128"/>`,
    ...dots,
    `<text x="${width / 2}" y="25" fill="#7f8794" text-anchor="middle" font-family="sans-serif" font-size="13">${escaped(title)}</text>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${FONT.size}" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
