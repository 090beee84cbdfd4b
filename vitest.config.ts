import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Scenarios of whole commands, which say nothing of the engine they run on: they run on a Docker Engine and on the native one. */
const SCENARIOS = [
  'adoption',
  'cli-attached',
  'cli-failures',
  'cli-images',
  'cli-lifecycle',
  'content',
  'convergence',
  'exec',
  'harness',
  'inspect-parity',
  'interruption',
  'logs',
  'run',
  'terminal',
  'views',
].map((name) => `test/e2e/${name}.test.ts`);

/** Each case is a process of its own and up to a second long: too slow for the tests that are run after every change. */
const SLOW = 'test/spec/hostile.test.ts';

const END_TO_END = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  globalSetup: ['test/support/e2e-setup.ts'],
  fileParallelism: true,
  maxWorkers: 2,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/**/*.property.test.ts', SLOW],
          testTimeout: 20_000,
          // vitest leaves one core to itself, which is half of a machine with two.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        test: { name: 'property', include: ['test/**/*.property.test.ts', SLOW], testTimeout: 120_000 },
      },
      {
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...END_TO_END },
      },
      {
        test: { name: 'native', include: SCENARIOS, ...END_TO_END },
      },
    ],
  },
});
