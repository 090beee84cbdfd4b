import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { report } from '../../src/cli/run-main.ts';
import { UsageError } from '../../src/errors.ts';
import { fakeContext } from './support/fake-output.ts';

const tooLong = `/${'x'.repeat(300)}`;
const thrown = (act: () => Promise<unknown>): Promise<unknown> =>
  act().then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error,
  );

function reported(error: unknown, json = false): { code: number; text: string } {
  const { io } = fakeContext();
  const code = report(error, io, json);
  return { code, text: io.stderr.text() };
}

it('says what the system refuses, and does not call it a bug', async () => {
  const { code, text } = reported(await thrown(() => readFile(tooLong)));
  expect(code).toBe(1);
  expect(text).toBe(`cannot open "${tooLong}": name too long\n  hint: name a shorter path\n`);
});

it('shows the stack of a bug, and where to report it', () => {
  const { code, text } = reported(new TypeError('x is not a function'));
  expect(code).toBe(70);
  expect(text).toMatch(/^TypeError: x is not a function\n {4}at [\s\S]*\n {2}hint: this is a bug in windlass/);
});

it('gives programs the hint as well', () => {
  const { text } = reported(new UsageError('unknown flag: --x', { hint: 'did you mean "--y"?' }), true);
  expect(JSON.parse(text)).toEqual({ error: true, message: 'unknown flag: --x', hint: 'did you mean "--y"?' });
});
