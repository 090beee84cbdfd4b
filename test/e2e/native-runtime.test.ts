// The native engine's containers on a real kernel: logs that are put aside, limits, isolation, restarts, volumes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

const docker = async (...args: string[]) => (await engine.docker(args)).stdout;
/** What the docker CLI says of a container that cannot be made or started. */
const refused = async (...args: string[]) =>
  (await engine.docker(['run', '--rm', ...args, 'busybox', 'true'], { exit: 125 })).stderr;

test('a log is put aside when it is large, and a follower misses nothing', async () => {
  const say =
    'i=0; while [ $i -lt 1200 ]; do echo "$i ........................................"; i=$((i+1)); [ $((i%60)) = 0 ] && sleep 0.1; done; true';
  await docker(
    'run',
    '-d',
    '--name',
    'talker',
    '--log-opt',
    'max-size=10k',
    '--log-opt',
    'max-file=3',
    'busybox',
    'sh',
    '-c',
    say,
  );
  const followed = (await docker('logs', '-f', 'talker')).trim().split('\n');
  expect(followed.map((line) => Number(line.split(' ')[0]))).toEqual(Array.from({ length: 1200 }, (_, n) => n));
  const kept = (await docker('logs', 'talker')).trim().split('\n');
  expect(kept.length).toBeLessThan(1200);
  expect(kept.at(-1)).toMatch(/^1199 /);
  // The last file alone has fewer than these.
  expect((await docker('logs', '--tail', '300', 'talker')).trim().split('\n')[0]).toMatch(/^900 /);
  await docker('rm', 'talker');
  expect((await engine.docker(['run', '--rm', '--log-driver', 'none', 'busybox', 'echo', 'seen'])).stdout).toBe(
    'seen\n',
  );
  expect(await refused('--log-driver', 'splunk')).toContain('logging plugin splunk');
});
