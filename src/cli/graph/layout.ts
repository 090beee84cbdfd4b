// Where the boxes of the picture stand and how its lines run: layers from top to bottom, long lines between boxes rather than
// behind them, neighbours near each other. After Sugiyama, Tagawa and Toda (1981). Pure; the same graph gives the same picture.
import type { ServiceNode } from './model.ts';

export interface LayoutOptions {
  readonly boxWidth: number;
  /** Room a line takes where it passes a layer. */
  readonly laneWidth: number;
  readonly gapX: number;
  readonly gapY: number;
  readonly top: number;
  heightOf(node: ServiceNode): number;
}

export interface PlacedBox {
  readonly node: ServiceNode;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface PlacedLine {
  readonly from: string;
  readonly to: string;
  /** Turns from the lower edge of one box to the upper edge of another, in pairs: each curve begins and ends vertically. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Layout {
  readonly boxes: readonly PlacedBox[];
  readonly lines: readonly PlacedLine[];
  readonly width: number;
  /** Below the last layer. */
  readonly bottom: number;
}

/** A box, or the place where a line passes through a layer. */
interface Cell {
  readonly node: ServiceNode | undefined;
  readonly width: number;
  readonly row: number;
  readonly above: Cell[];
  readonly below: Cell[];
  /** Of its middle. */
  x: number;
}

const SWEEPS = 12;

export function layoutOf(services: readonly ServiceNode[], options: LayoutOptions): Layout {
  const { cells, chains } = cellsOf(services, options);
  const count = 1 + Math.max(0, ...cells.map(({ row }) => row));
  const rows = Array.from({ length: count }, (_, index) => cells.filter(({ row }) => row === index));
  for (let sweep = 0; sweep < SWEEPS; sweep++) sortRows(rows, sweep % 2 === 0);
  for (const row of rows) pack(row, options.gapX);
  for (let sweep = 0; sweep < SWEEPS; sweep++) straighten(rows, sweep % 2 === 0, options.gapX);
  const left = Math.min(...cells.map(({ x, width }) => x - width / 2)) - options.gapX;
  for (const cell of cells) cell.x = Math.round(cell.x - left);
  const heights = rows.map((row) => Math.max(0, ...row.flatMap(({ node }) => (node ? [options.heightOf(node)] : []))));
  const tops = heights.map((_, row) =>
    heights.slice(0, row).reduce((sum, height) => sum + height + options.gapY, options.top),
  );
  const boxes = cells.flatMap(({ node, x, row }) =>
    node ? [{ node, x: x - options.boxWidth / 2, y: tops[row] ?? 0, height: options.heightOf(node) }] : [],
  );
  return {
    boxes,
    lines: chains.map((chain) => lineOf(chain, { tops, heights, options })),
    width: Math.max(options.boxWidth, ...cells.map(({ x, width }) => x + width / 2)) + options.gapX,
    bottom: (tops.at(-1) ?? options.top) + (heights.at(-1) ?? 0),
  };
}

/** What depends on nothing stands right below the lowest that depends on it; all else as low as it can. */
function rowsOf(services: readonly ServiceNode[]): ReadonlyMap<string, number> {
  const dependents = new Map<string, ServiceNode[]>();
  for (const node of services)
    for (const { service } of node.dependsOn) dependents.set(service, [...(dependents.get(service) ?? []), node]);
  const highest = Math.max(0, ...services.map(({ layer }) => layer));
  return new Map(
    services.map(({ name, layer, dependsOn }) => {
      const users = dependents.get(name) ?? [];
      const raised =
        dependsOn.length === 0 && users.length > 0 ? Math.min(...users.map((one) => one.layer)) - 1 : layer;
      return [name, highest - raised];
    }),
  );
}

type Chain = readonly [Cell, ...Cell[]];

function cellsOf(
  services: readonly ServiceNode[],
  { boxWidth, laneWidth }: LayoutOptions,
): { cells: Cell[]; chains: Chain[] } {
  const rows = rowsOf(services);
  const boxes = new Map<string, Cell>();
  const make = (node: ServiceNode | undefined, row: number): Cell => ({
    ...{ node, row, width: node === undefined ? laneWidth : boxWidth },
    ...{ above: [], below: [], x: 0 },
  });
  for (const node of services) boxes.set(node.name, make(node, rows.get(node.name) ?? 0));
  const cells = [...boxes.values()];
  const chains: Chain[] = [];
  for (const from of [...boxes.values()])
    for (const { service } of from.node?.dependsOn ?? []) {
      const to = boxes.get(service);
      if (to === undefined) continue;
      const lanes = Array.from({ length: to.row - from.row - 1 }, (_, index) => make(undefined, from.row + 1 + index));
      const chain: Chain = [from, ...lanes, to];
      cells.push(...lanes);
      chains.push(chain);
      for (const [index, cell] of chain.slice(1).entries()) {
        chain[index]?.below.push(cell);
        cell.above.push(chain[index] ?? from);
      }
    }
  return { cells, chains };
}

/** Each row in the order of the middle of its neighbours, downwards or upwards. */
function sortRows(rows: readonly Cell[][], down: boolean): void {
  for (const row of rows) for (const [index, cell] of row.entries()) cell.x = index - (row.length - 1) / 2;
  for (const row of down ? rows : [...rows].reverse()) {
    const wish = new Map(row.map((cell) => [cell, mean(down ? cell.above : cell.below) ?? cell.x]));
    row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    for (const [index, cell] of row.entries()) cell.x = index - (row.length - 1) / 2;
  }
}

const mean = (cells: readonly Cell[]): number | undefined =>
  cells.length === 0 ? undefined : cells.reduce((sum, { x }) => sum + x, 0) / cells.length;

/** Side by side, around the middle. */
function pack(row: readonly Cell[], gap: number): void {
  const total = row.reduce((sum, { width }) => sum + width + gap, -gap);
  let x = -total / 2;
  for (const cell of row) {
    cell.x = x + cell.width / 2;
    x += cell.width + gap;
  }
}

/** Moves cells towards their neighbours as far as those beside them leave room. */
function straighten(rows: readonly Cell[][], down: boolean, gap: number): void {
  for (const row of down ? rows : [...rows].reverse()) {
    const wishes = row.map(
      (cell) => mean(down ? cell.above : cell.below) ?? mean([...cell.above, ...cell.below]) ?? cell.x,
    );
    // Nearest to the wishes, once from either side; the middle of both is free of overlaps as well.
    const fromLeft = spread(row, wishes, gap);
    const mirrored = spread(
      [...row].reverse(),
      [...wishes].reverse().map((wish) => -wish),
      gap,
    ).reverse();
    for (const [index, cell] of row.entries()) cell.x = ((fromLeft[index] ?? 0) - (mirrored[index] ?? 0)) / 2;
  }
}

/** Positions in order, none nearer to the one before than the gap. */
function spread(row: readonly Cell[], wishes: readonly number[], gap: number): number[] {
  const places: number[] = [];
  for (const [index, { width }] of row.entries()) {
    const before = row[index - 1];
    const least = before === undefined ? -Infinity : (places[index - 1] ?? 0) + before.width / 2 + gap + width / 2;
    places.push(Math.max(wishes[index] ?? 0, least));
  }
  return places;
}

interface Rows {
  readonly tops: readonly number[];
  readonly heights: readonly number[];
  readonly options: LayoutOptions;
}

function lineOf(chain: Chain, { tops, heights, options }: Rows): PlacedLine {
  const points: { x: number; y: number }[] = [];
  const last = chain.length - 1;
  for (const [index, cell] of chain.entries()) {
    const top = tops[cell.row] ?? 0;
    const next = chain[index + 1];
    const before = chain[index - 1];
    if (before !== undefined)
      points.push({ x: index === last ? port(cell, before, cell.above, options) : cell.x, y: top });
    if (next !== undefined)
      points.push({
        x: index === 0 ? port(cell, next, cell.below, options) : cell.x,
        y: cell.node === undefined ? top + (heights[cell.row] ?? 0) : top + options.heightOf(cell.node),
      });
  }
  return { from: chain[0].node?.name ?? '', to: chain[last]?.node?.name ?? '', points };
}

/** Lines of one box leave it side by side, in the order of where they go. */
function port(box: Cell, other: Cell, all: readonly Cell[], { boxWidth }: LayoutOptions): number {
  const sorted = [...all].sort((a, b) => a.x - b.x);
  const step = Math.min(48, (boxWidth - 16) / sorted.length);
  return Math.round(box.x + (sorted.indexOf(other) - (sorted.length - 1) / 2) * step);
}
