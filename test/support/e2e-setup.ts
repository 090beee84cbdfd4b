// Before the end-to-end tests: the program is built, an engine answers, the busybox image and the peers are there.
// After them: what was started or added for them is gone again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { BUSYBOX, ensureBusybox } from '../../scripts/ground/busybox-image.ts';
import { ensurePackages, systemPath } from '../../scripts/ground/debian-packages.ts';
import { findOrStartEngine } from '../../scripts/ground/find-engine.ts';
import { ensurePeers, type Peers } from '../../scripts/ground/peers.ts';
import { must, run } from '../../scripts/ground/run.ts';

/** What the tests are told; read it with `inject('ground')`, or through scenario.ts. */
export interface Ground {
  /** The windlass under test: a script that Node runs. WINDLASS_TEST_PROGRAM names another than this checkout's build. */
  readonly program: string;
  /** DOCKER_HOST of the engine. */
  readonly dockerHost: string;
  readonly peers: Peers;
  /** A home folder for the programs under test, shared by one run's tests. */
  readonly home: string;
  /** Where failed scenarios keep what they know. */
  readonly failures: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    ground: Ground;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env.PATH = systemPath(process.env.PATH);
  await ensurePackages(['docker-cli', 'debootstrap', 'ca-certificates']);
  const root = project.config.root;
  const program = process.env.WINDLASS_TEST_PROGRAM ?? join(root, 'dist/windlass.js');
  if (process.env.WINDLASS_TEST_PROGRAM === undefined)
    await must(process.execPath, ['scripts/build.ts'], { cwd: root });
  const engine = await findOrStartEngine();
  const home = await mkdtemp(join(tmpdir(), 'windlass-test-home-'));
  const before = await tags(engine.host);
  const tearDown = async (): Promise<void> => {
    const added = (await tags(engine.host)).filter((tag) => !before.includes(tag) && isOurs(tag));
    if (added.length > 0) await run('docker', ['-H', engine.host, 'image', 'rm', ...added]);
    await engine.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await ensureBusybox(engine.host);
    const peers = await ensurePeers();
    const failures = join(tmpdir(), 'windlass-failures');
    project.provide('ground', { program, dockerHost: engine.host, peers, home, failures });
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

/** Images that the set-up, or a scenario through example-images.ts, adds to an engine. */
const isOurs = (tag: string): boolean => tag === BUSYBOX || tag.startsWith('windlass-example/');

async function tags(host: string): Promise<string[]> {
  const { stdout } = await run('docker', ['-H', host, 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']);
  return stdout.split('\n');
}
