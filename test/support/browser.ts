// A page in a headless Chromium, driven through its DevTools protocol. The Debian package is installed where it is missing.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ensurePackages } from '../../scripts/ground/debian-packages.ts';
import { start } from '../../scripts/ground/run.ts';
import { eventually } from './eventually.ts';

export interface Page {
  /** What an expression is in the page now, as JSON can hold it. */
  evaluate(expression: string): Promise<unknown>;
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-dev-shm-usage',
  '--remote-debugging-port=0',
];

export const ensureBrowser = (): Promise<void> => ensurePackages(['chromium']);

/** Opens an address in a browser of its own, which ends with the test. */
export async function openPage(url: string): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'windlass-browser-'));
  const browser = start('chromium', [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], { deadline: 600_000 });
  onTestFinished(async () => {
    browser.process.kill('SIGTERM');
    await browser.ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const target = await eventually(
    'the browser has a page',
    async () => {
      const [port] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
      const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Target[];
      return targets.find(({ type }) => type === 'page');
    },
    90_000,
  );
  const session = await connect(target.webSocketDebuggerUrl);
  await session.call('Page.navigate', { url });
  return {
    async evaluate(expression) {
      const answer = (await session.call('Runtime.evaluate', { expression, returnByValue: true })) as Evaluated;
      if (answer.exceptionDetails !== undefined) throw new Error(`in the page: ${answer.exceptionDetails.text}`);
      return answer.result.value;
    },
  };
}

interface Target {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}
interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}
interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

async function connect(url: string): Promise<{ call(method: string, params: object): Promise<unknown> }> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`cannot reach the browser at ${url}`)));
  });
  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, ({ result, error }) =>
          error === undefined ? resolve(result) : reject(new Error(error.message)),
        );
        socket.send(JSON.stringify({ id: last, method, params }));
      }),
  };
}
