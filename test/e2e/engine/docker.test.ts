// The conformance suite on a Docker Engine, and its builds with each of the builders.
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { connectDockerEngine } from '../../../src/engine/client/index.ts';
import { parseAddress } from '../../../src/engine/client/target.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { buildSuite, engineSuite } from '../../conformance/engine-suite.ts';

const NO_CONFIGURATION = '/no/such/folder';

const connect = (
  configDirectory: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Engine> =>
  connectDockerEngine({ address: parseAddress(inject('ground').dockerHost), configDirectory }, { env });

engineSuite({ name: 'docker', connect: (options) => connect(options?.configDirectory ?? NO_CONFIGURATION) });

buildSuite({
  name: 'docker with the classic builder',
  connect: () => connect(NO_CONFIGURATION, { ...process.env, DOCKER_BUILDKIT: '0' }),
});

let withBuildx: string;

beforeAll(async () => {
  withBuildx = await mkdtemp(join(tmpdir(), 'windlass-buildx-'));
  await mkdir(join(withBuildx, 'cli-plugins'));
  await symlink(inject('ground').peers.buildx, join(withBuildx, 'cli-plugins', 'docker-buildx'));
});
afterAll(() => rm(withBuildx, { recursive: true, force: true }));

buildSuite({ name: 'docker with buildx', connect: () => connect(withBuildx) });
