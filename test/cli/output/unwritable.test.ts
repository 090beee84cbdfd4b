// A place that cannot be written to is the user's to change: told with a hint, and no bug.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkFolder, writeResources } from '../../../src/cli/bridge/write.ts';
import { run as config } from '../../../src/cli/commands/config.ts';
import { run as graph } from '../../../src/cli/commands/graph.ts';
import { configFlags, graphFlags } from '../../../src/cli/declarations/model.ts';
import { writeLock } from '../../../src/cli/lock/lock-store.ts';
import { writeTrace } from '../../../src/cli/trace/write.ts';
import { HostError, WindlassError } from '../../../src/errors.ts';
import { defaultGlobals, type FakeContext, fakeContext, noFlags } from '../support/fake-output.ts';

let folder: string;
/** Within a file, where there is no place for another. */
let place: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-unwritable-'));
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, 'services: { web: { image: nginx } }\n');
  place = join(file, 'place');
});
afterEach(() => rmSync(folder, { recursive: true }));

const context = (): FakeContext =>
  fakeContext({ globals: { ...defaultGlobals({}), files: [join(folder, 'compose.yaml')], projectName: 'shop' } });

async function refusal(write: () => unknown): Promise<string> {
  const error: unknown = await Promise.resolve()
    .then(write)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HostError);
  const { message, hint } = error as HostError;
  const [, what, path = '', why] = /^(.*) to "(.*)": (.*)$/.exec(message) ?? [];
  expect(path.startsWith(place)).toBe(true);
  expect(why).toBe('not a directory');
  return `${what} / ${hint}`;
}

it('names what could not be written, and the way out', async () => {
  expect(await refusal(() => config(context(), { ...noFlags(configFlags), output: place }, []))).toBe(
    'cannot write the model / choose another file with --output',
  );
  expect(await refusal(() => graph(context(), { ...noFlags(graphFlags), format: 'text', output: place }, []))).toBe(
    'cannot write the graph / choose another file with -o',
  );
  expect(await refusal(() => writeTrace(place, 'up', []))).toBe(
    'cannot write the trace / choose another file with --trace',
  );
  expect(await refusal(() => writeLock(place, { images: {}, includes: {} }))).toBe(
    'cannot write the lock / make its folder writable, or run this where it is',
  );
  expect(await refusal(() => writeResources(place, [{ path: 'base/a.yaml', content: {} }]))).toBe(
    'cannot write the resources / name another folder with "--output"',
  );
});

it('a file is no folder for a conversion', () => {
  expect(() => checkFolder(join(folder, 'compose.yaml'))).toThrow(WindlassError);
});
