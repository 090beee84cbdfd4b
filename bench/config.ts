// How long `config -q` takes beside docker compose, in one run: a file of 3 services and one of 500. The two take turns, so that
// whatever else the machine does hits both; the median of each counts.
//   node bench/config.ts [--rounds 15] [--windlass "node dist/windlass.js"] [--peer docker-compose]
// Ends with 1 when a ratio is above its limit.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Case {
  readonly services: number;
  /** Largest accepted ratio of windlass's time to docker compose's. */
  readonly limit: number;
}

const CASES: readonly Case[] = [
  { services: 3, limit: 2 },
  { services: 500, limit: 1.5 },
];

const bundle = fileURLToPath(new URL('../dist/windlass.js', import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    windlass: { type: 'string', default: `${process.execPath} ${bundle}` },
    peer: { type: 'string', default: 'docker-compose' },
  },
});

const directory = mkdtempSync(join(tmpdir(), 'windlass-bench-'));
try {
  console.log('config -q          windlass   docker compose   ratio   limit');
  const results = CASES.map((one) => measure(one));
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true });
}

/** Prints the line of one case; true when it stays within its limit. */
function measure({ services, limit }: Case): boolean {
  const file = join(directory, `${services}.yaml`);
  writeFileSync(file, composeFile(services));
  const [mine, theirs] = [values.windlass.split(' '), values.peer.split(' ')];
  const times: [number[], number[]] = [[], []];
  for (let round = -1; round < Number(values.rounds); round++) {
    const pair = [run(mine, file), run(theirs, file)] as const;
    // The first round fills caches, ours and the machine's.
    if (round < 0) continue;
    times[0].push(pair[0]);
    times[1].push(pair[1]);
  }
  const [windlass, peer] = [median(times[0]), median(times[1])];
  const ratio = windlass / peer;
  const cells = [`${windlass.toFixed(0)} ms`, `${peer.toFixed(0)} ms`, ratio.toFixed(2), String(limit)];
  console.log(
    `${String(services).padStart(5)} services ${cells.map((cell, at) => cell.padStart([10, 16, 8, 8][at] ?? 8)).join('')}`,
  );
  return ratio <= limit;
}

/** Milliseconds from start to exit. */
function run([program = '', ...args]: readonly string[], file: string): number {
  const start = performance.now();
  const { status, stderr, error } = spawnSync(program, [...args, '-p', 'bench', '-f', file, 'config', '-q']);
  const elapsed = performance.now() - start;
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr.toString()}`);
  return elapsed;
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Services as people write them: short syntax, a few variables, an anchor, dependencies in chains of ten. */
function composeFile(count: number): string {
  const services = Array.from({ length: count }, (_, index) => {
    const dependency = index % 10 === 0 ? '' : `\n    depends_on:\n      - svc${index - 1}`;
    return `  svc${index}:
    <<: *common
    image: "registry.example.com/team/svc${index}:\${TAG:-1.4.2}"
    command: ["serve", "--port", "${8000 + index}"]
    environment:
      LOG_LEVEL: \${LOG_LEVEL:-info}
      DATABASE_URL: postgres://app@db${index}/app
      PORT: ${8000 + index}
    ports:
      - "${10_000 + index}:${8000 + index}"
    volumes:
      - data${index}:/var/lib/app
      - ./conf/svc${index}.yaml:/etc/app.yaml:ro
    networks: [front, back]
    labels:
      - team=core
      - index=${index}
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:${8000 + index}/health"]
      interval: 10s
      retries: 3
    deploy:
      resources:
        limits: { cpus: "0.50", memory: 128M }${dependency}`;
  });
  const volumes = Array.from({ length: count }, (_, index) => `  data${index}:`);
  return `x-common: &common
  restart: unless-stopped
  logging: { driver: json-file, options: { max-size: 10m, max-file: "3" } }
services:
${services.join('\n')}
networks:
  front:
  back:
    internal: true
volumes:
${volumes.join('\n')}
`;
}
