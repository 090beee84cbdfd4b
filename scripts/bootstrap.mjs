// First step of every script on a fresh machine: node modules are there, then the script's TypeScript runs under the project's own Node.
// Plain JavaScript without dependencies, for Node 20 and later.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const bin = (name) => join(modules, '.bin', name);

const starts = (program, args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** Runs a step that has to succeed, with its output shown. */
function step(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`"${program} ${args.join(' ')}" ${error ? `cannot start: ${error.message}` : `exited ${status}`}`);
  process.exit(1);
}

function ensureModules() {
  if (!['node', 'vitest', 'esbuild'].every((name) => existsSync(bin(name)))) {
    console.log('Installing the node modules that package-lock.json names (npm ci).');
    step('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], root);
  }
  // Where npm is set to run no install scripts, these two have not put their programs in place yet.
  if (!starts(bin('node'), ['--version'])) step('node', ['installArchSpecificPackage.js'], join(modules, 'node'));
  if (!starts(bin('esbuild'), ['--version'])) step('node', ['install.js'], join(modules, 'esbuild'));
}

/** Runs `scripts/<script>` under the project's Node with this process's arguments, and ends as it ends. */
export function runUnderProjectNode(script) {
  ensureModules();
  const path = [join(modules, '.bin'), process.env.PATH].join(delimiter);
  const child = spawn(bin('node'), [join(root, 'scripts', script), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  // Ctrl-C reaches the child by itself; it cleans up and ends, and this process with it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
