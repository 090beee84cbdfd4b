// What `doctor` finds, as data, and as text for people.

export type Verdict = 'ok' | 'missing' | 'problem' | 'info';

export interface Finding {
  /** `engine`, `native`, `host`, `docker`, `project`. */
  readonly topic: string;
  readonly name: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** What to install, start or change. */
  readonly hint?: string;
}

export interface Report {
  readonly version: string;
  /** The endpoint of the engine that would be used; absent where none can be. */
  readonly engine?: string;
  readonly findings: readonly Finding[];
}

const TITLES: Readonly<Record<string, string>> = {
  engine: 'Engines, in the order in which they are tried',
  native: 'The native engine, which needs no Docker',
  host: 'This machine',
  docker: "Docker's settings",
  project: 'This directory',
};
const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', missing: '-', problem: '✗', info: '·' };
const COLORS: Readonly<Record<Verdict, string>> = { ok: '32', missing: '33', problem: '31', info: '2' };

/** Sections with a line per finding, hints below, and the verdict at the end. */
export function reportText(report: Report, color: boolean): string {
  const paint = (code: string, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const width = Math.max(...report.findings.map(({ name }) => name.length));
  const sections = [...new Set(report.findings.map(({ topic }) => topic))].map((topic) => {
    const lines = report.findings
      .filter((finding) => finding.topic === topic)
      .flatMap(({ name, verdict, detail, hint }) => [
        `  ${paint(COLORS[verdict], SIGNS[verdict])} ${name.padEnd(width)}  ${detail}`,
        ...(hint === undefined ? [] : [`    ${' '.repeat(width)}  hint: ${hint}`]),
      ]);
    return [paint('1', TITLES[topic] ?? topic), ...lines].join('\n');
  });
  const end =
    report.engine === undefined
      ? paint('31', 'No engine can be used. Follow a hint above.')
      : `windlass ${report.version} would use the engine at ${report.engine}.`;
  return `${[...sections, end].join('\n\n')}\n`;
}
