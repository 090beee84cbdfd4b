import { describe, expect, it } from 'vitest';
import { LineCutter, LogLines, linesBySource } from '../../src/cli/output/log-lines.ts';
import { fakeOutput } from './support/fake-output.ts';

const plain = { color: false, prefix: true, timestamps: false };

describe('log lines', () => {
  it('pad names to the longest', () => {
    const out = fakeOutput();
    const lines = new LogLines(plain);
    for (const name of ['db-1', 'frontend-1']) lines.register(name);
    lines.line(out, 'db-1', 'ready');
    lines.line(out, 'frontend-1', '');
    expect(out.text()).toBe('db-1        | ready\nfrontend-1  | \n');
  });

  it("take colours in docker compose's order, the bright ones last, then again", () => {
    const out = fakeOutput();
    const lines = new LogLines({ ...plain, color: true });
    for (let n = 0; n < 11; n++) lines.line(out, `c${n}`, '');
    const codes = [...out.text().matchAll(/\[([\d;]+)m(c\d+)/g)].map(([, code]) => code);
    expect(codes).toEqual(['36', '33', '32', '35', '34', '36;1', '33;1', '32;1', '35;1', '34;1', '36']);
  });

  it('give a hook the colour of its container and watch its own sign', () => {
    const out = fakeOutput();
    const lines = new LogLines({ ...plain, color: true });
    lines.register('a-1');
    lines.register('b-1');
    lines.line(out, 'b-1 ->', 'hook');
    lines.line(out, 'watch', 'synced');
    expect(out.text()).toBe('\u001b[33mb-1 ->  | \u001b[0mhook\n\u001b[92m        ⦿ \u001b[0msynced\n');
  });

  it('leave the prefix out, or put the time in', () => {
    const out = fakeOutput();
    new LogLines({ ...plain, prefix: false }).line(out, 'a-1', 'x');
    new LogLines({ ...plain, timestamps: true, now: () => 0 }).line(out, 'a-1', 'x');
    expect(out.text()).toBe('x\na-1  | 1970-01-01T00:00:00.000000000Z x\n');
  });

  it('tell what became of a container', () => {
    const out = fakeOutput();
    new LogLines(plain).status(out, 'a-1', 'exited with code 3');
    expect(out.text()).toBe('a-1 exited with code 3\n');
  });
});

describe('cutting output into lines', () => {
  const cut = (...chunks: Uint8Array[]): string[] => {
    const lines: string[] = [];
    const cutter = new LineCutter((line) => lines.push(line));
    for (const chunk of chunks) cutter.write(chunk);
    cutter.end();
    return lines;
  };
  const bytes = (text: string) => new TextEncoder().encode(text);

  it('joins chunks, and keeps a last line without a newline', () => {
    expect(cut(bytes('one\ntw'), bytes('o\n\nthree'))).toEqual(['one', 'two', '', 'three']);
  });

  it('joins a character that was cut in two', () => {
    const whole = bytes('grüße\n');
    expect(cut(whole.slice(0, 3), whole.slice(3))).toEqual(['grüße']);
  });
});

it('cuts the output of several sources, each on its own', () => {
  const seen: string[] = [];
  const lines = linesBySource((source, line) => seen.push(`${source}: ${line}`));
  lines.write('a', 'Step 1');
  lines.write('b', 'x\r\ny');
  lines.write('a', '\n');
  lines.end();
  expect(seen).toEqual(['b: x', 'a: Step 1', 'b: y']);
});
