// What the live view shows, as lines of text: a head with counts, one line per resource, the layers of an image below it.
// Pure: time and the terminal's size come in, text goes out. Who draws it is tty.ts.
import type { ProgressEvent, ProgressKind } from '../../events.ts';
import { DRY_RUN_PREFIX } from './renderer.ts';

export interface ViewSize {
  readonly columns: number;
  /** Lines that may be drawn at most, the head included. */
  readonly rows: number;
}

interface Row {
  readonly id: string;
  readonly startedAt: number;
  parentId: string | undefined;
  status: string;
  kind: ProgressKind;
  text: string;
  current: number;
  total: number;
  endedAt: number | undefined;
}

const ICONS: Readonly<Record<ProgressKind, string>> = { working: '', done: '✔', warning: '!', error: '✘' };
const COLORS: Readonly<Record<ProgressKind, string>> = { working: '36', done: '32', warning: '33;1', error: '31;1' };
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** How full a layer is, from nothing to all. */
const FILLED = ['⠀', '⡀', '⣀', '⣄', '⣤', '⣦', '⣶', '⣷', '⣿'];
const BAR_WIDTH = 20;
/** Milliseconds each picture of the spinner stays. */
export const SPINNER_INTERVAL_MS = 100;

export class LiveView {
  readonly #rows = new Map<string, Row>();
  readonly #dryRun: boolean;
  readonly #color: boolean;

  constructor(options: { readonly dryRun: boolean; readonly color: boolean }) {
    this.#dryRun = options.dryRun;
    this.#color = options.color;
  }

  apply(event: ProgressEvent, now: number): void {
    const row = this.#rows.get(event.id) ?? this.#begin(event, now);
    row.status = event.status;
    row.kind = event.kind;
    row.text = event.text ?? '';
    row.parentId = event.parentId ?? row.parentId;
    // Downloads are told again from zero when a layer is unpacked; a bar that runs backwards is worse than one that waits.
    row.current = Math.max(row.current, event.current ?? 0);
    row.total = Math.max(row.total, event.total ?? 0);
    row.endedAt = event.kind === 'working' ? undefined : (row.endedAt ?? now);
  }

  /** `[+] Running 2/3`; layers do not count. */
  head(title: string): string {
    const tops = [...this.#rows.values()].filter((row) => row.parentId === undefined);
    const text = `[+] ${title} ${tops.filter((row) => row.kind !== 'working').length}/${tops.length}`;
    return tops.every((row) => row.kind === 'done') ? this.#paint('32', text) : text;
  }

  /** What was under way stays so: nothing more will be heard of it. */
  interrupt(now: number): void {
    for (const row of this.#rows.values()) {
      if (row.kind !== 'working') continue;
      row.kind = 'warning';
      row.status = `${row.status}, interrupted`;
      row.endedAt = now;
    }
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** The lines below the head. With too little room, layers go first, then what is done, oldest first. */
  lines(size: ViewSize, now: number): string[] {
    const tops = [...this.#rows.values()].filter((row) => row.parentId === undefined);
    const childrenOf = (row: Row) => [...this.#rows.values()].filter((child) => child.parentId === row.id);
    const all = tops.flatMap((row) => [row, ...(row.kind === 'working' ? childrenOf(row) : [])]);
    const room = Math.max(1, size.rows - 1);
    const shown = all.length <= room ? all : shorten(tops, room - 1);
    const width = Math.max(0, ...shown.map((row) => indentOf(row).length + row.id.length));
    const lines = shown.map((row) => this.#line(row, childrenOf(row), width, size.columns, now));
    const hidden = tops.length - shown.filter((row) => row.parentId === undefined).length;
    return hidden > 0 ? [...lines, this.#paint('2', ` … and ${hidden} more`)] : lines;
  }

  #begin(event: ProgressEvent, now: number): Row {
    const row: Row = {
      id: event.id,
      startedAt: now,
      parentId: undefined,
      status: '',
      kind: 'working',
      text: '',
      current: 0,
      total: 0,
      endedAt: undefined,
    };
    this.#rows.set(event.id, row);
    return row;
  }

  #line(row: Row, children: readonly Row[], width: number, columns: number, now: number): string {
    const spinner = SPINNER[Math.floor(now / SPINNER_INTERVAL_MS) % SPINNER.length] ?? '';
    const icon = row.kind === 'working' ? spinner : ICONS[row.kind];
    const dry = this.#dryRun ? DRY_RUN_PREFIX : '';
    const timer = `${(((row.endedAt ?? now) - row.startedAt) / 1000).toFixed(1)}s`;
    // Spaces, icon, name, two spaces before the state, and room for the timer.
    const room = Math.max(8, columns - dry.length - 3 - width - 2 - timer.length - 2);
    const words = [row.status, row.text.replace(/\s+/g, ' ')].filter((word) => word !== '').join(' ');
    const details = row.kind === 'working' ? progressOf(row, children) : [];
    const state = cut(
      [...details.map((text) => `${words} ${text}`), words].find((text) => text.length <= room) ?? words,
      room,
    );
    const left = `${indentOf(row)} ${icon} ${dry}${row.id.padEnd(width - indentOf(row).length)}  ${state}`;
    const gap = ' '.repeat(Math.max(1, columns - left.length - timer.length));
    const painted = left
      .replace(icon, this.#paint(COLORS[row.kind], icon))
      .replace(new RegExp(`${literally(state)}$`), this.#paint(row.kind === 'working' ? '0' : COLORS[row.kind], state));
    return `${painted}${gap}${this.#paint('34', timer)}`;
  }

  #paint(code: string, text: string): string {
    return this.#color && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

const indentOf = (row: Row): string => (row.parentId === undefined ? '' : '  ');

/** What is under way first, then what ended last. The order on the screen stays that of the beginning. */
function shorten(tops: readonly Row[], room: number): Row[] {
  const byUrgency = [...tops].sort(
    (a, b) => Number(a.kind === 'done') - Number(b.kind === 'done') || (b.endedAt ?? 0) - (a.endedAt ?? 0),
  );
  const kept = new Set(byUrgency.slice(0, Math.max(room, 0)));
  return tops.filter((row) => kept.has(row));
}

/** A bar for a layer; for an image one sign per layer and the sum. The fullest text first, then shorter ones. */
function progressOf(row: Row, children: readonly Row[]): string[] {
  if (children.length > 0) {
    const total = children.reduce((sum, child) => sum + child.total, 0);
    const current = children.reduce((sum, child) => sum + Math.min(child.current, child.total), 0);
    const signs = `[${children.map(fill).join('')}]`;
    // A sum is only told once every layer has told its size.
    const known = total > 0 && children.every((child) => child.total > 0 || child.kind === 'done');
    return known ? [`${signs} ${size(current)} / ${size(total)}`, signs] : [signs];
  }
  if (row.total === 0) return row.current > 0 ? [size(row.current)] : [];
  const filled = Math.round((BAR_WIDTH * Math.min(row.current, row.total)) / row.total);
  const sizes = `${size(row.current)} / ${size(row.total)}`;
  return [`[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${sizes}`, sizes];
}

function fill(row: Row): string {
  const part = row.kind === 'done' ? 1 : row.total === 0 ? 0 : Math.min(1, row.current / row.total);
  return FILLED[Math.floor(part * (FILLED.length - 1))] ?? '';
}

/** Decimal, as docker tells sizes: `1.5MB`. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(4))}${units[unit]}`;
}

const cut = (text: string, room: number): string => (text.length <= room ? text : `${text.slice(0, room - 1)}…`);
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
