// What containers that have come and gone leave behind.
import { setTimeout as delay } from 'node:timers/promises';
import { type Footprint, footprint, memoryOf } from '../../scripts/ground/footprint.ts';
import { runShortly } from '../../scripts/ground/short-runs.ts';
import { type Ground, PROJECT } from './ground.ts';
import type { Line } from './table.ts';

/** The kernel takes interfaces and groups away in its own time. */
const SETTLE_MS = 10_000;
/** Garbage that the engine need not have collected yet. */
const GROWTH_MB = 20;
const WARM_UP = 50;

export async function* leaks(ground: Ground, starts: number): AsyncIterable<Line> {
  const network = `${PROJECT}-leaks`;
  await ground.docker('windlass', 'network', 'create', network);
  const runs = { host: ground.hosts.windlass, side: 1, cgroup: ground.cgroup, network };
  // The first ones make what stays (bridge, resolver), and the heap grows to its working size.
  await runShortly({ ...runs, count: WARM_UP });
  await delay(SETTLE_MS);
  const now = (): Promise<Footprint> => footprint({ pid: ground.pid, folder: ground.root, cgroup: ground.cgroup });
  const before = await now();
  const memory = (await memoryOf(ground.pid)).resident;
  await runShortly({ ...runs, count: starts });
  await delay(SETTLE_MS);
  const after = await now();
  const growth = ((await memoryOf(ground.pid)).resident - memory) / 1024;
  const left = Object.entries(after).flatMap(([name, count]) => {
    const more = count - before[name as keyof Footprint];
    return more > 0 ? [{ name, more }] : [];
  });
  await ground.docker('windlass', 'network', 'rm', network);
  yield {
    what: `leaks, ${starts} starts`,
    measured: left.map(({ name, more }) => `${more} ${name}`).join(', ') || 'nothing',
    value: left.reduce((total, { more }) => total + more, 0),
    limit: 0,
  };
  yield {
    what: `growth, ${starts} starts`,
    measured: `${(memory / 1024).toFixed(0)} MB before, ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MB`,
    value: growth,
    limit: GROWTH_MB,
  };
}
