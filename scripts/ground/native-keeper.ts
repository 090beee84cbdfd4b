// Keeps a native engine for as long as its standard input is open: `node native-keeper.ts <program> <folder>`. Says "ready" when the engine
// answers. In the end the engine's containers are removed, the engine is stopped and its folder is gone; however the process that asked for
// it ended, its end closes the input.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { engineAnswers } from './find-engine.ts';
import { run, start } from './run.ts';

const START_DEADLINE_MS = 60_000;
/** As long as any run of tests could take. */
const LIFE_MS = 6 * 3_600_000;

const [program = '', folder = ''] = process.argv.slice(2);
const host = `unix://${join(folder, 'engine.sock')}`;
const engine = start(process.execPath, [program, 'engine', 'run', '--root', folder], { deadline: LIFE_MS });

const done = Promise.race([
  new Promise<void>((resolve) => process.stdin.once('end', resolve).once('close', resolve).resume()),
  engine.ended,
]);
// A terminal's Ctrl-C is for the tests, which close the input when they have cleaned up.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => undefined);

const deadline = Date.now() + START_DEADLINE_MS;
while (!(await engineAnswers(host)) && Date.now() < deadline) await delay(50);
if (await engineAnswers(host)) {
  console.log('ready');
  await done;
  const listed = await run('docker', ['-H', host, 'ps', '-aq']);
  const ids = listed.stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await run('docker', ['-H', host, 'rm', '-f', '-v', ...ids]);
} else console.error(engine.output());
engine.process.kill('SIGTERM');
await engine.ended;
await rm(folder, { recursive: true, force: true });
