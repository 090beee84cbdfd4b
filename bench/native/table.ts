// The figures of the native engine as a table, and the part of the page that keeps them.

export interface Line {
  readonly what: string;
  /** Measured, in words: `0.31 s against 1.42 s`. */
  readonly measured: string;
  /** What is compared with the target. */
  readonly value: number;
  /** The largest value that meets the target. */
  readonly limit: number;
}

/** A ratio of two medians of seconds. */
export const ratioLine = (what: string, windlass: number, peer: number, limit: number): Line => ({
  what,
  measured: `${windlass.toFixed(3)} s against ${peer.toFixed(3)} s`,
  value: windlass / peer,
  limit,
});

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** A Markdown table, aligned for reading as text too. */
export function nativeTable(lines: readonly Line[]): string {
  const rows = lines.map(({ what, measured, value, limit }) => [
    what,
    measured,
    value.toFixed(2),
    `≤ ${limit}`,
    value <= limit ? 'yes' : 'no',
  ]);
  const head = ['what', 'measured', 'value', 'target', 'met'];
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

export function nativePart(lines: readonly Line[], facts: { readonly machine: string; readonly runs: number }): string {
  return `## On windlass's own engine

Written by \`npm run bench:native\`.

windlass on its own engine, docker compose 2.40.3 on Docker Engine. Times are of whole processes by the wall clock, medians of
${facts.runs} rounds after one to warm up; the stacks are those above.

${facts.machine}.

${nativeTable(lines)}

- **run --rm true**: \`docker run --rm busybox true\`, the same docker CLI on both engines' sockets.
- **engine**: megabytes resident in the engine and its helper processes while 100 containers run. **a container more**: what the engine has grown by, and
  the container's monitor, divided by 100; pages that monitors share are counted once.
- **throughput**: iperf3 from one container to another on a user-defined network, the best of the rounds, Docker's over windlass's: below 1 is
  faster than Docker.
- **leaks**: containers with a published port, an anonymous volume and a log, started, ended and removed; then files, mounts, processes,
  interfaces, cgroups, sockets and open files that were not there before. **growth**: of the engine's resident memory meanwhile.
`;
}
