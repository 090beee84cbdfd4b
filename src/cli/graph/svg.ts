// The graph as one self-contained picture: layers from top to bottom, volumes below, networks as coloured bars in the boxes.
import { COLOURS } from './colours.ts';
import { escapeXml } from './escape.ts';
import type { ServiceNode, StackGraph } from './model.ts';

const BOX = { width: 208, line: 18, padding: 12, gapX: 36, gapY: 64 } as const;
const VOLUME = { width: 150, height: 44 } as const;
/** Widths of characters differ; this many fit beside two networks. */
const MOST_CHARACTERS = 26;
const NETWORK_COLOURS = ['#0969da', '#bf3989', '#9a6700', '#1a7f37', '#8250df', '#cf222e', '#57606a'];

interface Placed {
  readonly node: ServiceNode;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** An SVG document; no scripts, no fonts, nothing fetched. */
export function graphSvg(graph: StackGraph): string {
  const layers = layersOf(graph);
  const heights = layers.map((layer) => Math.max(...layer.map(heightOf)));
  const most = Math.max(1, ...layers.map(({ length }) => length), graph.volumes.length);
  const width = most * (BOX.width + BOX.gapX) + BOX.gapX;
  const placed = new Map<string, Placed>();
  let y = 56;
  for (const [index, layer] of layers.entries()) {
    const left = (width - layer.length * (BOX.width + BOX.gapX) + BOX.gapX) / 2;
    for (const [column, node] of layer.entries())
      placed.set(node.name, { node, x: left + column * (BOX.width + BOX.gapX), y, height: heightOf(node) });
    y += (heights[index] ?? 0) + BOX.gapY;
  }
  const volumes = new Map(
    graph.volumes.map((name, index) => {
      const left = (width - graph.volumes.length * (VOLUME.width + BOX.gapX) + BOX.gapX) / 2;
      return [name, { x: left + index * (VOLUME.width + BOX.gapX), y }] as const;
    }),
  );
  const height =
    y + (graph.volumes.length > 0 ? VOLUME.height + 40 : 0) + 24 + 20 * Math.ceil(graph.networks.length / 4);
  const colourOf = (network: string): string =>
    NETWORK_COLOURS[graph.networks.indexOf(network) % NETWORK_COLOURS.length] ?? '#57606a';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escapeXml(graph.project)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z" fill="#57606a"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${BOX.gapX}" y="32" font-size="18" font-weight="600">${escapeXml(graph.project)}</text>`,
    ...[...placed.values()].flatMap((from) => edges(from, placed)),
    ...[...placed.values()].flatMap((from) => volumeLines(from, volumes)),
    ...[...placed.values()].map((one) => box(one, colourOf)),
    ...[...volumes].map(([name, at]) => cylinder(name, at)),
    ...graph.networks.map((name, index) =>
      legend(name, colourOf(name), index, height - 12 - 20 * Math.floor(index / 4)),
    ),
    '</svg>\n',
  ].join('\n');
}

/** What is started last stands at the top. */
function layersOf({ services }: StackGraph): ServiceNode[][] {
  const layers: ServiceNode[][] = [];
  for (const node of services) {
    const layer = layers[node.layer] ?? [];
    layers[node.layer] = layer;
    layer.push(node);
  }
  return layers.reverse();
}

const linesOf = ({ image, ports, health }: ServiceNode): string[] => [
  cutInFront(image),
  ...ports,
  ...(health === undefined ? [] : [health]),
];
/** Of an image its end says more than its registry. */
const cutInFront = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `…${text.slice(1 - MOST_CHARACTERS)}`;
const heightOf = (node: ServiceNode): number => BOX.padding * 2 + BOX.line * (1 + linesOf(node).length);
const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;

function edges({ node, x, y, height }: Placed, placed: ReadonlyMap<string, Placed>): string[] {
  return node.dependsOn.flatMap(({ service, until, required }) => {
    const to = placed.get(service);
    if (to === undefined) return [];
    const [x1, y1, x2, y2] = [x + BOX.width / 2, y + height, to.x + BOX.width / 2, to.y];
    const middle = (y1 + y2) / 2;
    const dashes = required ? '' : ' stroke-dasharray="5 4"';
    return [
      `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2 - 2}" fill="none" stroke="#57606a"${dashes} marker-end="url(#arrow)"/>`,
      ...(until === 'started'
        ? []
        : [`<text x="${(x1 + x2) / 2 + 6}" y="${middle}" font-size="11" fill="#57606a">${escapeXml(until)}</text>`]),
    ];
  });
}

function volumeLines({ node, x, y, height }: Placed, volumes: ReadonlyMap<string, { x: number; y: number }>): string[] {
  return node.volumes.flatMap((name) => {
    const to = volumes.get(name);
    if (to === undefined) return [];
    const [x1, y1, x2, y2] = [x + BOX.width / 2, y + height, to.x + VOLUME.width / 2, to.y];
    return [
      `<path d="M${x1} ${y1}C${x1} ${y1 + 40} ${x2} ${y2 - 40} ${x2} ${y2}" fill="none" stroke="#d0d7de" stroke-dasharray="2 3"/>`,
    ];
  });
}

function box({ node, x, y, height }: Placed, colourOf: (network: string) => string): string {
  const edge = node.health === undefined ? '#57606a' : COLOURS[node.health];
  const texts = linesOf(node).map(
    (line, index) =>
      `<text x="${x + BOX.padding}" y="${y + BOX.padding + 14 + BOX.line * (index + 1)}" font-size="12" fill="${line === node.health ? edge : '#57606a'}">${escapeXml(cut(line))}</text>`,
  );
  const bars = node.networks.map(
    (name, index) =>
      `<rect x="${x + BOX.width - 8 - index * 9}" y="${y + 8}" width="6" height="${height - 16}" rx="3" fill="${colourOf(name)}"><title>${escapeXml(name)}</title></rect>`,
  );
  return [
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="8" fill="#f6f8fa" stroke="${edge}" stroke-width="${node.health === undefined ? 1 : 2.5}"/>`,
    `<text x="${x + BOX.padding}" y="${y + BOX.padding + 14}" font-weight="600">${escapeXml(cut(node.name))}</text>`,
    ...texts,
    ...bars,
  ].join('\n');
}

function cylinder(name: string, { x, y }: { readonly x: number; readonly y: number }): string {
  const { width, height } = VOLUME;
  return [
    `<path d="M${x} ${y + 6}a${width / 2} 6 0 0 1 ${width} 0v${height - 12}a${width / 2} 6 0 0 1 -${width} 0z" fill="#f6f8fa" stroke="#57606a"/>`,
    `<path d="M${x} ${y + 6}a${width / 2} 6 0 0 0 ${width} 0" fill="none" stroke="#57606a"/>`,
    `<text x="${x + width / 2}" y="${y + height / 2 + 8}" text-anchor="middle" font-size="12">${escapeXml(cut(name).slice(0, 22))}</text>`,
  ].join('\n');
}

function legend(name: string, colour: string, index: number, y: number): string {
  const x = BOX.gapX + (index % 4) * 180;
  return `<rect x="${x}" y="${y - 10}" width="6" height="12" rx="3" fill="${colour}"/><text x="${x + 12}" y="${y}" font-size="12">network ${escapeXml(cut(name))}</text>`;
}
