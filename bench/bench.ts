// windlass and docker compose side by side, in turn, in one run, on one Docker Engine; writes docs/performance.md.
//   npm run bench [-- --sizes 3,20,100 --runs 5 --no-write]
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBusybox } from '../scripts/ground/busybox-image.ts';
import { systemPath } from '../scripts/ground/debian-packages.ts';
import { ensureEnginePackages, findOrStartEngine } from '../scripts/ground/find-engine.ts';
import { ensurePeers } from '../scripts/ground/peers.ts';
import { failure, must, run } from '../scripts/ground/run.ts';
import { page, type Row, table, withPart } from './report.ts';
import { stack } from './stack.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What is timed, in the order of one round: a stack goes up, is looked at, goes down. */
const WORKS = {
  up: ['up', '-d'],
  'no-op up': ['up', '-d'],
  ps: ['ps', '-q'],
  config: ['config', '-q'],
  down: ['down', '-t', '0'],
} as const;
type Work = keyof typeof WORKS;
type Tool = 'windlass' | 'compose';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '3,20,100' },
    runs: { type: 'string', default: '5' },
    'no-write': { type: 'boolean', default: false },
  },
});
const sizes = values.sizes.split(',').map(Number);
const runs = Number(values.runs);

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

// Ctrl-C ends the command that is being timed; its failure leads to the clean-up below.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interrupted = true;
  });

process.env.PATH = systemPath(process.env.PATH);
await ensureEnginePackages();
await must(process.execPath, [join(ROOT, 'scripts/build.ts')]);
const engine = await findOrStartEngine();
const work = await mkdtemp(join(tmpdir(), 'windlass-bench-'));
const env = { ...process.env, DOCKER_HOST: engine.host, WINDLASS_ENGINE: 'docker' };

/** Times one command: whole process, wall clock, in seconds. */
async function timed(command: readonly [string, ...string[]], args: readonly string[], cwd: string): Promise<number> {
  const [program, ...before] = command;
  if (interrupted) throw new Error('interrupted');
  const ran = await run(program, [...before, ...args], { cwd, env });
  if (ran.exitCode !== 0) throw new Error(failure(ran));
  return ran.milliseconds / 1000;
}

try {
  await ensureBusybox(engine.host);
  const peers = await ensurePeers();
  const tools: Record<Tool, readonly [string, ...string[]]> = {
    windlass: [process.execPath, join(ROOT, 'dist/windlass.js')],
    compose: [peers.compose],
  };
  const rows: Row[] = [];
  for (const size of sizes) {
    const took = new Map<string, number[]>();
    for (let round = 0; round <= runs; round++)
      for (const tool of ['windlass', 'compose'] as const) {
        const folder = join(work, `bench${size}-${tool}`);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'compose.yaml'), stack(size));
        for (const name of Object.keys(WORKS) as Work[]) {
          const seconds = await timed(tools[tool], WORKS[name], folder);
          // The first round only warms up: page cache, compile cache.
          if (round > 0) took.set(`${name} ${tool}`, [...(took.get(`${name} ${tool}`) ?? []), seconds]);
        }
      }
    for (const name of Object.keys(WORKS) as Work[]) {
      const [windlass, compose] = (['windlass', 'compose'] as const).map((tool) =>
        median(took.get(`${name} ${tool}`) ?? []),
      );
      rows.push({ size, work: name, windlass: windlass ?? Number.NaN, compose: compose ?? Number.NaN });
    }
    console.log(table(rows.filter((row) => row.size === size)));
  }
  const version = (await must('docker', ['version', '--format', '{{.Server.Version}}'], { env })).trim();
  if (!values['no-write']) {
    const file = join(ROOT, 'docs/performance.md');
    await writeFile(file, withPart(await readFile(file, 'utf8'), 'docker', page(rows, { engine: version, runs })));
    console.log('written: docs/performance.md');
  }
} finally {
  for (const size of sizes) for (const tool of ['windlass', 'compose']) await removeProject(`bench${size}-${tool}`);
  await rm(work, { recursive: true, force: true });
  await engine.stop();
}

/** What an interrupted round left. */
async function removeProject(project: string): Promise<void> {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`];
  const ids = (await run('docker', ['ps', '-aq', ...filter], { env })).stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await run('docker', ['rm', '-f', '-v', ...ids], { env });
  await run('docker', ['network', 'prune', '-f', ...filter], { env });
}
