import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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

/** The end-to-end tests that take longest, longest first. By itself vitest starts with the largest files, and these are small. */
const LONGEST = [
  'adoption',
  'examples/wordpress',
  'engine-api/docker',
  'interruption',
  'engine/docker',
  'cli-lifecycle',
  'cli-attached',
  'run',
  'convergence',
].map((name) => `/test/e2e/${name}.test.ts`);

/** What takes longest comes first: started last, it would keep one worker while the other has nothing left to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((end) => moduleId.endsWith(end));
      return index < 0 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const END_TO_END = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  globalSetup: ['test/support/e2e-setup.ts'],
  fileParallelism: true,
  // Most of the time they wait for programs and engines: three keep two cores busy, and are few enough for Docker's pool of networks.
  maxWorkers: 3,
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
