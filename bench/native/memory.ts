// What a hundred running containers cost in memory.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childrenOf, memoryOf, monitorsOf } from '../../scripts/ground/footprint.ts';
import { stack } from '../stack.ts';
import { type Ground, PROJECT } from './ground.ts';
import type { Line } from './table.ts';

const CONTAINERS = 100;
const ENGINE_MB = 120;
const CONTAINER_MB = 3;

export async function* memory(ground: Ground): AsyncIterable<Line> {
  const folder = join(ground.folder, `${PROJECT}-memory`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'compose.yaml'), stack(CONTAINERS));
  const before = await engineMemory(ground);
  const compose = ground.compose.windlass;
  await ground.ran('windlass', [...compose, 'up', '-d'], folder);
  const during = await engineMemory(ground);
  const monitors = await Promise.all((await monitorsOf(ground.root)).map(memoryOf));
  const share = monitors.reduce((total, one) => total + one.share, 0) / 1024;
  await ground.ran('windlass', [...compose, 'down', '-t', '0'], folder);
  yield {
    what: `engine, ${CONTAINERS} containers`,
    measured: `${during.toFixed(0)} MB, ${before.toFixed(0)} MB with none`,
    value: during,
    limit: ENGINE_MB,
  };
  const growth = Math.max(0, during - before);
  yield {
    what: 'a container more',
    measured: `engine ${(growth / CONTAINERS).toFixed(2)} MB, monitor ${(share / CONTAINERS).toFixed(2)} MB`,
    value: (growth + share) / CONTAINERS,
    limit: CONTAINER_MB,
  };
}

/** Resident megabytes of the engine and its helpers. */
async function engineMemory({ pid }: Ground): Promise<number> {
  const all = await Promise.all([pid, ...(await childrenOf(pid))].map(memoryOf));
  return all.reduce((total, one) => total + one.resident, 0) / 1024;
}
