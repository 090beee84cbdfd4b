// `watch` of windlass on both engines beside docker compose's on Docker Engine: from a save to its being seen in the container, a burst of
// files, a checkout, and what an ignored folder costs. Writes its part of docs/performance.md. As root.
//   npm run bench:watch [-- --saves 15 --no-write]
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemPath } from '../scripts/ground/debian-packages.ts';
import { ensureEnginePackages } from '../scripts/ground/find-engine.ts';
import { ensurePeers } from '../scripts/ground/peers.ts';
import { must } from '../scripts/ground/run.ts';
import { type Ground, type Side, startGround } from './native/ground.ts';
import { withPart } from './report.ts';
import { sameContent, startWatch, type Tool, until } from './watch/session.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COLUMNS: readonly (readonly [string, Side, Tool])[] = [
  ['windlass, native engine', 'windlass', 'windlass'],
  ['windlass, Docker Engine', 'docker', 'windlass'],
  ['docker compose, Docker Engine', 'docker', 'compose'],
];
const { values } = parseArgs({
  options: { saves: { type: 'string', default: '15' }, 'no-write': { type: 'boolean', default: false } },
});

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** Row → the cell for a tool on an engine. */
const ROWS: Readonly<Record<string, (ground: Ground, side: Side, tool: Tool) => Promise<string>>> = {
  'a save is seen, median': async (ground, side, tool) => {
    const watch = await startWatch(ground, side, tool, (src) => writeFileSync(join(src, 'a'), 'begin'));
    const took: number[] = [];
    try {
      for (let i = 0; i < Number(values.saves); i++) {
        await delay(700);
        const text = `${i} ${Date.now()}`;
        writeFileSync(join(watch.here, 'a'), text);
        took.push(await until(() => readFileSync(join(watch.there, 'a'), 'utf8') === text));
      }
    } finally {
      await watch.stop();
    }
    return `${median(took).toFixed(0)} ms`;
  },
  'a burst of 2,000 files is complete': async (ground, side, tool) => {
    const watch = await startWatch(ground, side, tool);
    try {
      await delay(1000);
      for (let i = 0; i < 2000; i++) writeFileSync(join(watch.here, `f${i}`), `content of ${i}\n`);
      return seconds(await until(() => sameContent(watch.here, watch.there)));
    } finally {
      await watch.stop();
    }
  },
  'a checkout of 20,000 files is complete': async (ground, side, tool) => {
    const watch = await startWatch(ground, side, tool, (src) => commits(src));
    try {
      await delay(2000);
      execFileSync('git', ['checkout', '-q', 'other'], { cwd: watch.here });
      await rm(join(watch.here, '.git'), { recursive: true });
      const took = await Promise.race([until(() => sameContent(watch.here, watch.there)), delay(100_000)]);
      return took === undefined ? 'never' : seconds(took);
    } finally {
      await watch.stop();
    }
  },
  'inotify watches beside an ignored `node_modules` of 6,000 folders': async (ground, side, tool) => {
    const watch = await startWatch(ground, side, tool, (src) => {
      for (let i = 0; i < 6000; i++) mkdirSync(join(src, `node_modules/p${i}`), { recursive: true });
    });
    try {
      return String(watch.watches());
    } finally {
      await watch.stop();
    }
  },
};

/** A repository with an empty tree checked out, and 20,000 files on the branch `other`. */
function commits(src: string): void {
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], { cwd: src });
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'empty');
  git('checkout', '-q', '-b', 'other');
  for (let i = 0; i < 20_000; i++) {
    const below = join(src, `d${i % 100}`, `e${i % 7}`);
    if (i < 700) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `f${i}`), `content of ${i}\n`);
  }
  git('add', '.');
  git('commit', '-q', '-m', 'files');
  git('checkout', '-q', 'main');
}

function part(lines: readonly string[], machine: string): string {
  return `## Watching

Written by \`npm run bench:watch\`.

Wall time from the end of writing here until the files in the container are the same, byte for byte. With more
work on the machine than it has cores for (see the load), all take longer; compare the ratios.

${machine}.

${lines.join('\n')}
`;
}

process.env.PATH = systemPath(process.env.PATH);
await ensureEnginePackages();
await must(process.execPath, [join(ROOT, 'scripts/build.ts')]);
const folder = await mkdtemp(join(tmpdir(), 'windlass-bench-'));
const ground = await startGround(folder, join(ROOT, 'dist/windlass.js'), (await ensurePeers()).compose);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ground.interrupt());
try {
  const lines = [`| | ${COLUMNS.map(([name]) => name).join(' | ')} |`, `|---|${COLUMNS.map(() => '---|').join('')}`];
  for (const [name, measure] of Object.entries(ROWS)) {
    const cells: string[] = [];
    for (const [, side, tool] of COLUMNS) cells.push(await measure(ground, side, tool));
    lines.push(`| ${name} | ${cells.join(' | ')} |`);
    console.log(lines.at(-1));
  }
  const machine = `${cpus().length} cores, Linux ${release().split('-')[0]}, Docker Engine ${ground.dockerVersion}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
  if (!values['no-write']) {
    const file = join(ROOT, 'docs/performance.md');
    await writeFile(file, withPart(await readFile(file, 'utf8'), 'watch', part(lines, machine)));
  }
} finally {
  await ground.stop();
  await rm(folder, { recursive: true, force: true });
}
