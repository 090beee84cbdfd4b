// windlass on its own engine beside docker compose on Docker Engine, in turn, in one run: speed, memory, network throughput, and
// what a thousand containers leave behind. Writes its part of docs/performance.md. As root.
//   npm run bench:native [-- --parts speed,run,memory,throughput,leaks --sizes 3,20,100 --runs 3 --starts 1000 --no-write]
// Ends with 1 when a target is missed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemPath } from '../scripts/ground/debian-packages.ts';
import { ensureEnginePackages } from '../scripts/ground/find-engine.ts';
import { ensurePeers } from '../scripts/ground/peers.ts';
import { must } from '../scripts/ground/run.ts';
import { type Ground, startGround } from './native/ground.ts';
import { leaks } from './native/leaks.ts';
import { memory } from './native/memory.ts';
import { shortRuns, speed } from './native/speed.ts';
import { type Line, nativePart, nativeTable } from './native/table.ts';
import { throughput } from './native/throughput.ts';
import { withPart } from './report.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'speed,run,memory,throughput,leaks' },
    sizes: { type: 'string', default: '3,20,100' },
    runs: { type: 'string', default: '3' },
    starts: { type: 'string', default: '1000' },
    'no-write': { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);

const PARTS: Readonly<Record<string, (ground: Ground) => AsyncIterable<Line>>> = {
  speed: (ground) => speed(ground, { sizes: values.sizes.split(',').map(Number), runs }),
  run: (ground) => shortRuns(ground, runs),
  memory: (ground) => memory(ground),
  throughput: (ground) => throughput(ground, runs),
  leaks: (ground) => leaks(ground, Number(values.starts)),
};

process.env.PATH = systemPath(process.env.PATH);
await ensureEnginePackages();
await must(process.execPath, [join(ROOT, 'scripts/build.ts')]);
const folder = await mkdtemp(join(tmpdir(), 'windlass-bench-'));
const ground = await startGround(folder, join(ROOT, 'dist/windlass.js'), (await ensurePeers()).compose);
// Ctrl-C ends the command that is being measured; its failure leads to the clean-up below.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ground.interrupt());
const lines: Line[] = [];
try {
  for (const name of values.parts.split(',')) {
    const part = PARTS[name];
    if (!part) throw new Error(`no part "${name}"; there are ${Object.keys(PARTS).join(', ')}`);
    for await (const line of part(ground)) {
      lines.push(line);
      console.log(nativeTable([line]).split('\n').at(-1));
    }
  }
  const machine = `${cpus().length} cores, Linux ${release().split('-')[0]}, Docker Engine ${ground.dockerVersion}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
  console.log(`\n${nativeTable(lines)}`);
  if (!values['no-write']) {
    const file = join(ROOT, 'docs/performance.md');
    await writeFile(file, withPart(await readFile(file, 'utf8'), 'native', nativePart(lines, { machine, runs })));
    console.log('written: docs/performance.md');
  }
} finally {
  await ground.stop();
  await rm(folder, { recursive: true, force: true });
}
if (lines.some(({ value, limit }) => value > limit)) process.exitCode = 1;
