// Process that owns one private Docker Engine (private-engine.ts starts it). Runs as root.
//   follow FOLDER GROUP   until its standard input ends, or a signal      stop FOLDER   ends another keeper

import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { addBridge, freePool, notePlace, type Place, prepareCgroups, removeTraces } from './engine-traces.ts';
import { isAlive } from './private-engine.ts';

const DOCKERD_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 60_000;

function dockerdArguments(folder: string, place: Place, group: string): string[] {
  const at = (name: string): string => join(folder, name);
  return [
    ...['--config-file', at('daemon.json'), '--data-root', at('data'), '--exec-root', at('exec')],
    ...['--pidfile', at('dockerd.pid'), '-H', `unix://${at('docker.sock')}`, '--group', group],
    ...['--bridge', place.bridge, '--default-address-pool', `base=${place.pool},size=24`],
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', place.cgroup],
    // Where a containerd of the system is found, dockerd uses it: keep our containers apart from the machine's.
    ...['--containerd-namespace', place.cgroup, '--containerd-plugins-namespace', `${place.cgroup}-plugins`],
  ];
}

async function startDockerd(folder: string, place: Place, group: string): Promise<ChildProcess> {
  await writeFile(join(folder, 'daemon.json'), '{}');
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const dockerd = spawn('dockerd', dockerdArguments(folder, place, group), { stdio: ['ignore', log, log] });
  const failed = new Promise<never>((_, reject) => {
    dockerd.once('error', reject);
    dockerd.once('exit', (code) => reject(new Error(`dockerd exited ${code}`)));
  });
  failed.catch(() => undefined);
  const deadline = Date.now() + DOCKERD_DEADLINE_MS;
  while (!(await Promise.race([answers(join(folder, 'docker.sock')), failed]))) {
    if (Date.now() > deadline) throw new Error('dockerd did not answer in time');
    await delay(50);
  }
  return dockerd;
}

/** Whether somebody accepts connections on the socket. */
const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });

/** Resolves when the engine should end: a signal, the end of standard input, or dockerd's own end. */
function untilTold(dockerd: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
    dockerd.once('exit', () => resolve());
    process.stdin
      .resume()
      .once('end', resolve)
      .once('error', () => resolve());
  });
}

async function keep(folder: string, group: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(join(folder, 'keeper.pid'), String(process.pid));
  // Nobody reads on once we are ready.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await prepareCgroups();
    const place = await notePlace(folder, await freePool());
    await addBridge(place);
    const dockerd = await startDockerd(folder, place, group);
    process.stdout.write('ready\n');
    await untilTold(dockerd);
  } catch (error) {
    const log = await readFile(join(folder, 'dockerd.log'), 'utf8').catch(() => '');
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\n${log.split('\n').slice(-15).join('\n')}`,
    );
    process.exitCode = 1;
  }
  await removeTraces(folder);
}

async function stop(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'keeper.pid'), 'utf8').catch(() => '0'));
  if (pid > 0 && isAlive(pid)) {
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + STOP_DEADLINE_MS;
    while (isAlive(pid) && Date.now() < deadline) await delay(50);
  }
  await removeTraces(folder);
}

const [mode = '', folder = '', group = '0'] = process.argv.slice(2);
if (mode === 'stop') await stop(folder);
else await keep(folder, group);
// Handles that remain (standard input, dockerd's exit) are of no interest any more.
process.exit();
