// The benchmark's figures as a table, and the page that keeps them.
import { cpus, release } from 'node:os';

export interface Row {
  readonly size: number;
  readonly work: string;
  /** Medians, in seconds. */
  readonly windlass: number;
  readonly compose: number;
}

/** Work → the ratio that windlass is to stay under. */
const TARGETS: Readonly<Record<string, number>> = { up: 1.1, 'no-op up': 2, ps: 2, config: 2, down: 1.1 };

/** A Markdown table, aligned for reading as text too. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ size, work, windlass, compose }) => {
    const ratio = windlass / compose;
    const target = TARGETS[work] ?? Number.NaN;
    return [
      String(size),
      work,
      windlass.toFixed(3),
      compose.toFixed(3),
      ratio.toFixed(2),
      `≤ ${target}`,
      ratio <= target ? 'yes' : 'no',
    ];
  });
  const head = ['services', 'work', 'windlass s', 'compose s', 'ratio', 'target', 'met'];
  const widths = head.map((text, column) => Math.max(text.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...cells.map(line)].join('\n');
}

/** The part of docs/performance.md between two marks, written anew; at the end of the page when it is not there yet. */
export function withPart(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const part = `${begin}\n${text.trim()}\n${end}\n`;
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)];
  if (start < 0 || stop < 0) return `${page.trimEnd()}\n\n${part}`;
  return page.slice(0, start) + part + page.slice(stop + end.length).replace(/^\n/, '');
}

/** The text of docs/performance.md's first part. */
export function page(rows: readonly Row[], facts: { readonly engine: string; readonly runs: number }): string {
  const ground = `${cpus().length} cores, Linux ${release().split('-')[0]}, Docker Engine ${facts.engine}, Node ${process.version}`;
  return `## Driving a Docker Engine

Written by \`npm run bench\`.

windlass and docker compose 2.40.3 in turn, in one run, on one Docker Engine: busybox services in chains of ten (\`depends_on\`), on one
network. Whole-process wall time, median of ${facts.runs} rounds after one to warm up. Compare the ratios; the seconds are this machine's.

${ground}.

${table(rows)}

- **up**: \`up -d\` from nothing. **no-op up**: \`up -d\` again, with nothing to do. **ps**: \`ps -q\`. **config**: \`config -q\`.
  **down**: \`down -t 0\`.
- Most of \`up\` and \`down\` is the engine's own work, for both. The rest of windlass's time is Node starting (about 20 ms) and
  loading its code from the compile cache.
`;
}
