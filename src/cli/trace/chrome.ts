// A trace for the tools that read Chrome's trace format: chrome://tracing, Perfetto, speedscope.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU ("complete events", times in microseconds)
import { criticalPath, rowsOf, type Span } from './spans.ts';

export function chromeTrace(title: string, spans: readonly Span[]): string {
  const critical = new Set(criticalPath(spans));
  const rows = rowsOf(spans);
  const names = { name: 'process_name', ph: 'M', pid: 1, tid: 0, args: { name: title } };
  const events = spans.map((span) => ({
    name: span.id,
    cat: span.category,
    ph: 'X',
    ts: Math.round(span.start * 1000),
    dur: Math.round((span.end - span.start) * 1000),
    pid: 1,
    tid: (rows.get(span.id) ?? 0) + 1,
    ...(critical.has(span) ? { cname: 'terrible' } : {}),
    args: { cause: span.cause, outcome: span.outcome, critical: critical.has(span), after: span.after },
  }));
  return `${JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [names, ...events] }, undefined, 1)}\n`;
}
