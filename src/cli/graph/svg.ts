// The graph as one self-contained picture: layers from top to bottom, ports and volumes in the boxes, networks as coloured bars.
import { COLOURS } from './colours.ts';
import { escapeXml } from './escape.ts';
import { layoutOf, type PlacedBox, type PlacedLine } from './layout.ts';
import type { ServiceNode, StackGraph } from './model.ts';

const BOX = { width: 208, line: 18, padding: 12 } as const;
const MARGIN = 36;
/** Widths of characters differ; this many fit beside two networks. */
const MOST_CHARACTERS = 26;
const LEGEND_WIDTH = 180;
const GREY = '#57606a';
const NETWORK_COLOURS = ['#0969da', '#bf3989', '#9a6700', '#1a7f37', '#8250df', '#cf222e', '#57606a'];

/** An SVG document; no scripts, no fonts, nothing fetched. */
export function graphSvg(graph: StackGraph): string {
  const {
    boxes,
    lines,
    width: wide,
    bottom,
  } = layoutOf(graph.services, {
    ...{ boxWidth: BOX.width, laneWidth: 12, gapX: MARGIN, gapY: 68, top: 56 },
    heightOf,
  });
  const perLine = 4;
  const width = Math.max(wide, MARGIN + Math.min(perLine, graph.networks.length) * LEGEND_WIDTH);
  const legendTop = bottom + 44;
  const height = legendTop + 20 * Math.ceil(graph.networks.length / perLine);
  const colourOf = (network: string): string =>
    NETWORK_COLOURS[graph.networks.indexOf(network) % NETWORK_COLOURS.length] ?? GREY;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escapeXml(graph.project)}</title>`,
    `<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z" fill="${GREY}"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="32" font-size="18" font-weight="600">${escapeXml(graph.project)}</text>`,
    ...lines.map((line) => arrow(line, graph)),
    ...lines.map((line) => condition(line, graph)),
    ...boxes.map((one) => box(one, colourOf)),
    ...graph.networks.map((name, index) =>
      legend(name, colourOf(name), {
        x: MARGIN + (index % perLine) * LEGEND_WIDTH,
        y: legendTop + 20 * Math.floor(index / perLine),
      }),
    ),
    '</svg>\n',
  ].join('\n');
}

interface Line {
  readonly text: string;
  readonly kind: 'plain' | 'volume' | 'health';
}

const linesOf = ({ image, ports, volumes, health }: ServiceNode): Line[] => [
  { text: cutInFront(image), kind: 'plain' },
  ...ports.map((text) => ({ text, kind: 'plain' }) as const),
  ...volumes.map((text) => ({ text, kind: 'volume' }) as const),
  ...(health === undefined ? [] : [{ text: health, kind: 'health' } as const]),
];
/** Of an image its end says more than its registry. */
const cutInFront = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `…${text.slice(1 - MOST_CHARACTERS)}`;
const heightOf = (node: ServiceNode): number => BOX.padding * 2 + BOX.line * (1 + linesOf(node).length);
const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;

const edgeOf = ({ from, to }: PlacedLine, { services }: StackGraph) =>
  services.find(({ name }) => name === from)?.dependsOn.find(({ service }) => service === to);

/** Curves from layer to layer, straight past the boxes of a layer in between. */
function arrow(line: PlacedLine, graph: StackGraph): string {
  const [start, ...others] = line.points;
  let path = `M${start?.x} ${start?.y}`;
  let before = start;
  for (const [index, { x, y }] of others.entries()) {
    const end = index === others.length - 1 ? y - 2 : y;
    const middle = ((before?.y ?? 0) + end) / 2;
    path += index % 2 === 0 ? `C${before?.x} ${middle} ${x} ${middle} ${x} ${end}` : `V${y}`;
    before = { x, y };
  }
  const dashes = edgeOf(line, graph)?.required === false ? ' stroke-dasharray="5 4"' : '';
  return `<path d="${path}" fill="none" stroke="${GREY}"${dashes} marker-end="url(#arrow)"/>`;
}

/** What is waited for, above the arrow's head, with a rim that keeps it legible across other lines. */
function condition(line: PlacedLine, graph: StackGraph): string {
  const until = edgeOf(line, graph)?.until ?? 'started';
  const [x, y] = [line.points.at(-1)?.x ?? 0, line.points.at(-1)?.y ?? 0];
  if (until === 'started') return '';
  return `<text x="${x}" y="${y - 13}" text-anchor="middle" font-size="11" fill="${GREY}" stroke="#fff" stroke-width="4" paint-order="stroke">${escapeXml(until)}</text>`;
}

function box({ node, x, y, height }: PlacedBox, colourOf: (network: string) => string): string {
  const edge = node.health === undefined ? GREY : COLOURS[node.health];
  const left = x + BOX.padding;
  const texts = linesOf(node).map(({ text, kind }, index) => {
    const base = y + BOX.padding + 14 + BOX.line * (index + 1);
    const indent = kind === 'volume' ? 16 : 0;
    return `${kind === 'volume' ? cylinder(left, base) : ''}<text x="${left + indent}" y="${base}" font-size="12" fill="${kind === 'health' ? edge : GREY}">${escapeXml(cut(text))}</text>`;
  });
  const bars = node.networks.map(
    (name, index) =>
      `<rect x="${x + BOX.width - 8 - index * 9}" y="${y + 8}" width="6" height="${height - 16}" rx="3" fill="${colourOf(name)}"><title>network ${escapeXml(name)}</title></rect>`,
  );
  return [
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="8" fill="#f6f8fa" stroke="${edge}" stroke-width="${node.health === undefined ? 1 : 2.5}"/>`,
    `<text x="${left}" y="${y + BOX.padding + 14}" font-weight="600">${escapeXml(cut(node.name))}</text>`,
    ...texts,
    ...bars,
  ].join('\n');
}

/** The sign of a volume, on the line of its name. */
const cylinder = (x: number, base: number): string =>
  `<path d="M${x} ${base - 8}a5 2 0 0 1 10 0v7a5 2 0 0 1 -10 0zm0 0a5 2 0 0 0 10 0" fill="#fff" stroke="${GREY}"/>`;

const legend = (name: string, colour: string, { x, y }: { readonly x: number; readonly y: number }): string =>
  `<rect x="${x}" y="${y - 10}" width="6" height="12" rx="3" fill="${colour}"/><text x="${x + 12}" y="${y}" font-size="12">network ${escapeXml(cut(name))}</text>`;
