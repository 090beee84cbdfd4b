// How long stacks take to go up and down, and a container that does nothing.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import { stack } from '../stack.ts';
import { type Ground, LABEL, PROJECT, type Side } from './ground.ts';
import { type Line, median, ratioLine } from './table.ts';

const SIDES: readonly Side[] = ['windlass', 'docker'];

/** The small stack is mostly the start of a process. */
const upLimit = (size: number): number => (size < 20 ? 0.35 : 0.2);
const DOWN_LIMIT = 0.25;
const RUN_LIMIT = 0.25;
/** They are short: more of them for the same certainty. */
const SHORT_RUNS_PER_ROUND = 5;

export async function* speed(
  ground: Ground,
  { sizes, runs }: { readonly sizes: readonly number[]; readonly runs: number },
): AsyncIterable<Line> {
  for (const size of sizes) {
    const took = { up: seconds(), down: seconds() };
    // The first round only warms up: page cache, compile cache.
    for (let round = -1; round < runs; round++)
      for (const side of SIDES) {
        const folder = join(ground.folder, `${PROJECT}-${size}-${side}`);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'compose.yaml'), stack(size));
        const up = await ground.ran(side, [...ground.compose[side], 'up', '-d'], folder);
        const lowered = await lower(ground, side, folder);
        if (round < 0) continue;
        took.up[side].push(up.milliseconds / 1000);
        if (lowered !== undefined) took.down[side].push(lowered / 1000);
      }
    yield ratioLine(`up -d, ${size} services`, median(took.up.windlass), median(took.up.docker), upLimit(size));
    yield ratioLine(`down, ${size} services`, median(took.down.windlass), median(took.down.docker), DOWN_LIMIT);
  }
}

/**
 * Milliseconds of a `down`. Docker Engine now and then refuses to remove a network whose last containers have just gone ("has active
 * endpoints"); then docker compose is asked again, and the time is not counted.
 */
async function lower(ground: Ground, side: Side, folder: string): Promise<number | undefined> {
  const command = [...ground.compose[side], 'down', '-t', '0'] as const;
  try {
    return (await ground.ran(side, command, folder)).milliseconds;
  } catch (error) {
    if (side === 'windlass' || !messageOf(error).includes('has active endpoints')) throw error;
    await ground.ran(side, command, folder);
    return undefined;
  }
}

export async function* shortRuns(ground: Ground, runs: number): AsyncIterable<Line> {
  const took = seconds();
  for (let round = -1; round < runs * SHORT_RUNS_PER_ROUND; round++)
    for (const side of SIDES) {
      const ran = await ground.ran(side, ['docker', 'run', '--rm', '--label', LABEL, 'busybox', 'true']);
      if (round >= 0) took[side].push(ran.milliseconds / 1000);
    }
  yield ratioLine('run --rm true', median(took.windlass), median(took.docker), RUN_LIMIT);
}

const seconds = (): Record<Side, number[]> => ({ windlass: [], docker: [] });
