// `--trace FILE` writes two files beside each other: `FILE.json` for tools, `FILE.html` to look at.
import { writeFile } from 'node:fs/promises';
import { writing } from '../output/writing.ts';
import { chromeTrace } from './chrome.ts';
import type { Span } from './spans.ts';
import { timelinePage } from './timeline.ts';

/** The names of both files. An ending `.json` or `.html` of the name given does not count. */
export function traceFiles(given: string): { readonly json: string; readonly html: string } {
  const base = given.replace(/\.(json|html)$/, '');
  return { json: `${base}.json`, html: `${base}.html` };
}

/** @throws HostError when they cannot be written. */
export async function writeTrace(given: string, title: string, spans: readonly Span[]): Promise<void> {
  const { json, html } = traceFiles(given);
  await writing('the trace', 'choose another file with --trace', () =>
    Promise.all([writeFile(json, chromeTrace(title, spans)), writeFile(html, timelinePage(title, spans))]),
  );
}
