// Before the end-to-end tests: the program is built, an engine answers (a native one of the run's own for the project "native"), the busybox
// image and the peers are there.
// After them: what was started or added for them is gone again.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureBusybox } from '../../scripts/ground/busybox-image.ts';
import { ensurePackages, FOR_NATIVE, ON_AN_ENGINE, systemPath } from '../../scripts/ground/debian-packages.ts';
import { ensureEnginePackages, findOrStartEngine } from '../../scripts/ground/find-engine.ts';
import { startOwnNativeEngine } from '../../scripts/ground/native-engine.ts';
import { ensurePeers, type Peers } from '../../scripts/ground/peers.ts';
import { must } from '../../scripts/ground/run.ts';
import { beginRun, noteEngine, sweepRun } from '../../scripts/ground/test-run.ts';

/** What the tests are told; read it with `inject('ground')`, or through scenario.ts. */
export interface Ground {
  /** The windlass under test: a script that Node runs. WINDLASS_TEST_PROGRAM names another than this checkout's build. */
  readonly program: string;
  /** DOCKER_HOST of the engine. */
  readonly dockerHost: string;
  readonly engine: 'docker' | 'native';
  readonly peers: Peers;
  /** Everything the run writes; "home" in it is the home folder of the programs under test. */
  readonly folder: string;
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
  const kind = project.name === 'native' ? 'native' : 'docker';
  await (kind === 'native' ? ensurePackages([...FOR_NATIVE, ...ON_AN_ENGINE]) : ensureEnginePackages());
  const program = process.env.WINDLASS_TEST_PROGRAM ?? join(project.config.root, 'dist/windlass.js');
  if (process.env.WINDLASS_TEST_PROGRAM === undefined)
    await must(process.execPath, ['scripts/build.ts'], { cwd: project.config.root });
  const engine = await (kind === 'native' ? startOwnNativeEngine(program) : findOrStartEngine());
  // `npm test` makes the run itself, so that it can sweep after an interrupted one.
  const folder = process.env.WINDLASS_TEST_RUN ?? (await beginRun());
  await noteEngine(folder, engine.host);
  const tearDown = async (): Promise<void> => {
    await sweepRun(folder);
    await engine.stop();
  };
  try {
    await mkdir(join(folder, 'home'));
    await ensureBusybox(engine.host);
    const peers = await ensurePeers();
    const failures = join(tmpdir(), 'windlass-failures');
    project.provide('ground', { program, dockerHost: engine.host, engine: kind, peers, folder, failures });
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
