// Debian's docker-registry on a port of its own, with its blobs in a folder that goes with the test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ensurePackages } from '../../scripts/ground/debian-packages.ts';
import { start } from '../../scripts/ground/run.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

/** Starts it; `127.0.0.1:port`. It ends with the test. */
export async function startDebianRegistry(): Promise<string> {
  await ensurePackages(['docker-registry']);
  const folder = await mkdtemp(join(tmpdir(), 'windlass-registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'blobs') } },
    http: { addr: host },
  };
  const file = join(folder, 'config.yml');
  await writeFile(file, JSON.stringify(config));
  const registry = start('docker-registry', ['serve', file], { deadline: 3_600_000 });
  onTestFinished(async () => {
    registry.process.kill('SIGKILL');
    await registry.ended;
    await rm(folder, { recursive: true, force: true });
  });
  await eventually('a registry that answers', () =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    ),
  ).catch((error: Error) => {
    throw new Error(`${error.message}; it printed:\n${registry.output()}`);
  });
  return host;
}
