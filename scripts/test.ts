// All checks, one after another: lint, types, unit, property, e2e (on a Docker Engine), native (the same scenarios on the native engine).
// Ends with `N passed, N failed`, over all parts.
//   node scripts/test.mjs [PART…] [-- ARGUMENTS FOR VITEST…]      parts: lint types unit property e2e native; all unless named
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemPath } from './ground/debian-packages.ts';
import { beginRun, sweepRun } from './ground/test-run.ts';

const PARTS = ['lint', 'types', 'unit', 'property', 'e2e', 'native'] as const;
type Part = (typeof PARTS)[number];

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What vitest's JSON reporter tells, as far as it matters here. */
interface VitestReport {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

let running: ChildProcess | undefined;
let interrupted = false;

// Ctrl-C and its like: the part that runs ends and cleans up, then so do we.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted = true;
    // In a terminal the part has had its SIGINT already; a second one would cut its clean-up short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) running?.kill('SIGTERM');
  });

/** Runs a program with its output shown; its exit status. */
function show(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    running.once('error', reject);
    running.once('exit', (code) => resolve(code ?? 1));
  });
}

/** A check without tests of its own counts as one. */
async function check(program: string, args: readonly string[]): Promise<Count> {
  const passed = (await show(program, args)) === 0;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function vitest(part: Part, extra: readonly string[], env?: NodeJS.ProcessEnv): Promise<Count> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-report-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const status = await show('vitest', ['run', '--project', part, ...reporters, ...extra], env);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) return { passed: 0, failed: 1, skipped: 0 };
    const report = JSON.parse(text) as VitestReport;
    // A file that cannot be loaded, or a set-up that fails, has no failed test but is a failure all the same.
    const failed = report.numFailedTests === 0 && status !== 0 ? 1 : report.numFailedTests;
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** vitest ends at once when it is interrupted; what its scenarios had made is swept up here. */
async function endToEnd(part: 'e2e' | 'native', extra: readonly string[]): Promise<Count> {
  const folder = await beginRun();
  try {
    return await vitest(part, extra, { WINDLASS_TEST_RUN: folder });
  } finally {
    await sweepRun(folder);
  }
}

function runPart(part: Part, extra: readonly string[]): Promise<Count> {
  switch (part) {
    case 'lint':
      return check('biome', ['check', '.']);
    case 'types':
      return check('tsc', ['--noEmit']);
    case 'e2e':
    case 'native':
      return endToEnd(part, extra);
    default:
      return vitest(part, extra);
  }
}

const isPart = (word: string): word is Part => (PARTS as readonly string[]).includes(word);

process.env.PATH = systemPath(process.env.PATH);
const words = process.argv.slice(2);
const named = words.filter(isPart);
const extra = words.filter((word) => !isPart(word) && word !== '--');
const total = { passed: 0, failed: 0, skipped: 0 };
for (const part of named.length > 0 ? named : PARTS) {
  if (interrupted) break;
  const started = performance.now();
  console.log(`\n== ${part}`);
  const count = await runPart(part, extra);
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`-- ${part}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, in ${seconds} s`);
}
console.log();
if (interrupted) console.log('interrupted');
if (total.skipped > 0) console.log(`${total.skipped} skipped`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = interrupted ? 130 : total.failed > 0 || total.passed === 0 ? 1 : 0;
