// One `watch` on a small project, and how long what is saved here takes to be seen there. As root: containers' files are looked at
// through /proc.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ground, PROJECT, type Side } from '../native/ground.ts';

const COMPOSE = `name: ${PROJECT}-watch
services:
  web:
    image: busybox:latest
    command: sleep 100000
    stop_grace_period: 0s
    develop:
      watch:
        - {action: sync, path: ./src, target: /src, ignore: [node_modules/]}
`;
const DEADLINE_MS = 120_000;

export type Tool = 'windlass' | 'compose';

export interface WatchUnderTest {
  /** The watched folder here, and the same in the container. */
  readonly here: string;
  readonly there: string;
  /** How many inotify watches the program holds. */
  watches(): number;
  stop(): Promise<void>;
}

/** Starts the project and the watch on it; `prepare` fills the watched folder before. */
export async function startWatch(
  ground: Ground,
  side: Side,
  tool: Tool,
  prepare: (src: string) => void = () => {},
): Promise<WatchUnderTest> {
  const folder = join(ground.folder, 'watched');
  const here = join(folder, 'src');
  mkdirSync(here, { recursive: true });
  writeFileSync(join(folder, 'compose.yaml'), COMPOSE);
  prepare(here);
  const [program, ...args] = tool === 'windlass' ? ground.compose.windlass : ground.compose.docker;
  const command = [program, ...args] as [string, ...string[]];
  await ground.ran(side, [...command, 'up', '-d'], folder);
  const name = await ground.docker(side, 'ps', '-q', '--filter', `label=com.docker.compose.project=${PROJECT}-watch`);
  const pid = await ground.docker(side, 'inspect', '--format', '{{.State.Pid}}', name);
  const watch = spawn(program, [...args, 'watch', '--no-up'], {
    cwd: folder,
    env: { ...process.env, DOCKER_HOST: ground.hosts[side] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await saying(watch, 'Watch enabled');
  return {
    here,
    there: `/proc/${pid}/root/src`,
    watches: () => inotifyWatches(watch.pid ?? 0),
    async stop() {
      const ended = new Promise((resolve) => watch.once('exit', resolve));
      watch.kill('SIGINT');
      await ended;
      await ground.ran(side, [...command, 'down', '-t', '0'], folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function saying(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
    child.once('exit', () => reject(new Error(`the watch ended: ${text}`)));
  });
}

/** Resolves with the milliseconds until the condition holds; looks again after a millisecond. */
export async function until(condition: () => boolean): Promise<number> {
  const begin = performance.now();
  for (;;) {
    try {
      if (condition()) return performance.now() - begin;
    } catch {
      // Not there yet, or being replaced at this moment.
    }
    if (performance.now() - begin > DEADLINE_MS) throw new Error('what was saved never arrived');
    await delay(1);
  }
}

export const sameContent = (one: string, other: string): boolean => {
  if (statSync(one).isFile()) return readFileSync(one).equals(readFileSync(other));
  const names = readdirSync(one).sort();
  return (
    names.join('/') === readdirSync(other).sort().join('/') &&
    names.every((name) => sameContent(join(one, name), join(other, name)))
  );
};

function inotifyWatches(pid: number): number {
  let count = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`))
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:inotify') continue;
      count += readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').split('\ninotify').length - 1;
    } catch {
      // Closed meanwhile.
    }
  return count;
}
