// Containers of the native engine that come and go leave nothing: files, mounts, processes, interfaces, cgroups, sockets, memory.
// `npm run bench:native` does the same with a thousand.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Footprint, footprint, memoryOf, removeGroup } from '../../scripts/ground/footprint.ts';
import { runShortly } from '../../scripts/ground/short-runs.ts';
import { eventually } from '../support/eventually.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

const CGROUP = `/windlass-leaks-${process.pid}`;
const RUNS = 30;
/** What a collected heap may have grown by. A record, its log and its timers, thirty times, would be less: this catches blobs. */
const GROWTH_KB = 40_000;

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
  await removeGroup(CGROUP);
});

const now = (): Promise<Footprint> => footprint({ pid: engine.pid, folder: engine.folder, cgroup: CGROUP });

/** When nothing goes on behind an answer that was given already: three times the same. */
async function atRest(): Promise<Footprint> {
  const seen: string[] = [];
  return eventually('an engine at rest', async () => {
    const found = await now();
    seen.push(JSON.stringify(found));
    return seen.length >= 3 && new Set(seen.slice(-3)).size === 1 ? found : undefined;
  });
}

test('thirty containers with ports, volumes and logs leave what was there before', async () => {
  await engine.docker(['network', 'create', 'leaks']);
  const runs = { host: engine.host, side: 3, cgroup: CGROUP, network: 'leaks' };
  // The first ones make what stays: the bridge, the resolver, the group above the containers'.
  await runShortly({ ...runs, count: 3 });
  const before = await atRest();
  const memory = await memoryOf(engine.pid);
  await runShortly({ ...runs, count: RUNS });
  await eventually('everything of thirty containers is gone', async () => {
    expect(await now()).toEqual(before);
    return true;
  });
  expect((await memoryOf(engine.pid)).resident - memory.resident).toBeLessThan(GROWTH_KB);
});

test('a running container costs a monitor, an interface and a group, and no mount on the host', async () => {
  await engine.docker(['volume', 'create', 'kept']);
  const before = await atRest();
  const { stdout } = await engine.docker([
    ...['run', '-d', '--cgroup-parent', CGROUP, '--network', 'leaks', '-v', 'kept:/data'],
    ...['busybox', 'sh', '-c', 'stat -c %a / && sleep 600'],
  ]);
  const id = stdout.trim();
  const during = await atRest();
  expect(during.mounts).toBe(before.mounts);
  expect(during.interfaces).toBe(before.interfaces + 1);
  expect(during.processes).toBe(before.processes + 1);
  expect(during.files).toBe(before.files);
  // Files that it writes are in its own layer although the host sees no mount.
  await engine.docker(['exec', id, 'touch', '/written']);
  await engine.docker(['restart', '-t', '0', id]);
  expect((await engine.docker(['exec', id, 'ls', '/written'])).stdout).toBe('/written\n');
  expect((await engine.docker(['logs', id])).stdout).toBe('755\n755\n');
  await engine.docker(['rm', '-f', id]);
  await eventually('everything of the container is gone', async () => {
    expect(await now()).toEqual(before);
    return true;
  });
});
