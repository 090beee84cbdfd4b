// The trace as a page: a bar a span, the critical path in a strong colour, and what the time went into.
import { escapeXml, page } from '../graph/escape.ts';
import { type Category, criticalPath, type Span, timeByCategory } from './spans.ts';

const COLOURS: Readonly<Record<Category, string>> = {
  pull: '#8250df',
  build: '#bf3989',
  create: '#0969da',
  start: '#1a7f37',
  wait: '#9a6700',
  stop: '#57606a',
  remove: '#57606a',
  look: '#8c959f',
  other: '#24292f',
};
const ROW = 22;
const [LABELS, BARS, RIGHT] = [330, 720, 90];
const CRITICAL = '#cf222e';

const inWords = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/** A page of its own, without scripts; nothing is fetched. */
export function timelinePage(title: string, spans: readonly Span[]): string {
  const path = criticalPath(spans);
  const total = Math.max(0, ...spans.map(({ end }) => end));
  const body = [
    `<h1>${escapeXml(title)}: ${inWords(total)}</h1>`,
    `<p>${timeByCategory(spans)
      .map(
        ([category, ms]) =>
          `<span class="key" style="background:${COLOURS[category]}"></span>${category} ${inWords(ms)}`,
      )
      .join(' &#160; ')} &#160; <span class="key" style="background:${CRITICAL}"></span>critical path</p>`,
    timeline(
      [...spans].sort((a, b) => a.start - b.start),
      new Set(path),
      total,
    ),
    '<h2>Critical path</h2><p>Only these could have made it quicker.</p><ol>',
    ...path.map(
      (span) =>
        `<li>${escapeXml(span.id)} <b>${inWords(span.end - span.start)}</b>${span.cause === '' ? '' : ` (${escapeXml(span.cause)})`}</li>`,
    ),
    '</ol>\n',
  ].join('\n');
  return page(
    title,
    body,
    'h1{font-size:20px}h2{font-size:16px}.key{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}',
  );
}

function timeline(spans: readonly Span[], critical: ReadonlySet<Span>, total: number): string {
  const width = LABELS + BARS + RIGHT;
  const height = (spans.length + 1) * ROW + 8;
  const at = (ms: number): number => LABELS + (total === 0 ? 0 : (ms / total) * BARS);
  const ticks = Array.from({ length: 5 }, (_, index) => (total * index) / 4);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">`,
    ...ticks.map(
      (ms) =>
        `<line x1="${at(ms)}" x2="${at(ms)}" y1="${ROW - 4}" y2="${height}" stroke="#d0d7de"/><text x="${at(ms)}" y="12" text-anchor="middle" fill="#57606a">${inWords(ms)}</text>`,
    ),
    ...spans.map((span, index) => bar(span, critical.has(span), at, (index + 1) * ROW)),
    '</svg>',
  ].join('\n');
}

function bar(span: Span, isCritical: boolean, at: (ms: number) => number, y: number): string {
  const x = at(span.start);
  const width = Math.max(2, at(span.end) - x);
  const colour = COLOURS[span.category];
  const label = span.id.length > 48 ? `${span.id.slice(0, 47)}…` : span.id;
  const edge = isCritical ? ` stroke="${CRITICAL}" stroke-width="2.5"` : '';
  return [
    `<text x="${LABELS - 10}" y="${y + 14}" text-anchor="end"${isCritical ? ` font-weight="600" fill="${CRITICAL}"` : ''}>${escapeXml(label)}</text>`,
    `<rect x="${x}" y="${y + 3}" width="${width}" height="${ROW - 7}" rx="3" fill="${colour}"${span.outcome === 'done' ? '' : ' fill-opacity="0.35"'}${edge}><title>${escapeXml(`${span.id}\n${span.cause}\n${inWords(span.end - span.start)}, ${span.outcome}`)}</title></rect>`,
    `<text x="${x + width + 5}" y="${y + 14}" fill="#57606a">${inWords(span.end - span.start)}${span.outcome === 'done' ? '' : ` ${span.outcome}`}</text>`,
  ].join('');
}
