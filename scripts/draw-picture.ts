// Draws docs/wordpress.svg from a real run of the WordPress example: `node scripts/draw-picture.ts`.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildStandIns } from './ground/example-images.ts';
import { findOrStartEngine } from './ground/find-engine.ts';
import { must, run } from './ground/run.ts';
import { type Cell, screenAfter } from './picture/screen.ts';
import { svgOf } from './picture/svg.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COLUMNS = 96;
const PORT = '8080';
const COMMANDS = [
  'windlass up -d --wait',
  'windlass ps --format "table {{.Name}}\\t{{.Service}}\\t{{.Status}}\\t{{.Ports}}"',
  `curl -sL http://localhost:${PORT} | grep -o "<title>.*</title>"`,
  'windlass down --volumes',
];

await must(process.execPath, [join(ROOT, 'scripts/build.ts')]);
const engine = await findOrStartEngine();
const folder = await mkdtemp(join(tmpdir(), 'windlass-picture-'));
try {
  const images = await buildStandIns(engine.host, ['mariadb', 'wordpress', 'nginx']);
  await cp(join(ROOT, 'examples/wordpress'), folder, { recursive: true });
  await writeFile(
    join(folder, 'windlass'),
    `#!/bin/sh\nexec "${process.execPath}" -- "${ROOT}/dist/windlass.js" "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const env = {
    ...process.env,
    ...images,
    PATH: `${folder}:${process.env.PATH}`,
    TERM: 'xterm-256color',
    DOCKER_HOST: engine.host,
    DB_PASSWORD: 'only for the picture',
    WORDPRESS_PORT: `127.0.0.1:${PORT}`,
  };
  const rows: Cell[][] = [];
  for (const command of COMMANDS) {
    // `script` gives the command a terminal.
    const inside = `stty cols ${COLUMNS} rows 40; ${command}`;
    const ran = await run('script', ['-qec', inside, '/dev/null'], { cwd: folder, env, deadline: 180_000 });
    if (ran.exitCode !== 0) throw new Error(`"${command}" exited ${ran.exitCode}:\n${ran.output}`);
    rows.push([...`$ ${command}`].map((text, column) => ({ text, style: column === 0 ? '2' : '1' })));
    rows.push(...screenAfter(ran.stdout), []);
  }
  await writeFile(
    join(ROOT, 'docs/wordpress.svg'),
    svgOf(rows.slice(0, -1), 'windlass: WordPress from a Compose file', COLUMNS),
  );
  console.log('written: docs/wordpress.svg');
} finally {
  await run('docker', [
    '-H',
    engine.host,
    'rm',
    '-f',
    '-v',
    'wordpress-db-1',
    'wordpress-wordpress-1',
    'wordpress-nginx-1',
  ]);
  await run('docker', ['-H', engine.host, 'network', 'rm', 'wordpress_site']);
  await run('docker', ['-H', engine.host, 'volume', 'rm', 'wordpress_database', 'wordpress_files']);
  await rm(folder, { recursive: true, force: true });
  await engine.stop();
}
