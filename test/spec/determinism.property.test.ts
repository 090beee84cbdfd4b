// Same files, same environment, same bytes: a thousand loads of the cases in which docker compose's own answer varies from run
// to run (docker/compose#13356), and of others with much to merge.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/spec/load.ts';
import { renderProject } from '../../src/spec/render.ts';

const fixtures = fileURLToPath(new URL('../fixtures/spec/deterministic', import.meta.url));
const LOADS = 1000;

async function bytesOf(cwd: string): Promise<string> {
  const options = { cwd, env: {}, files: [], envFiles: [], profiles: ['*'], projectName: 'same' };
  const { project, warnings } = await loadProject(options);
  return JSON.stringify(warnings) + renderProject(project, 'yaml') + renderProject(project, 'json');
}

describe('the loader', () => {
  it.each(readdirSync(fixtures))('gives the same bytes a thousand times: %s', { timeout: 60_000 }, async (name) => {
    const cwd = `${fixtures}/${name}`;
    const first = await bytesOf(cwd);
    for (let load = 1; load < LOADS; load++) expect(await bytesOf(cwd)).toBe(first);
  });
});
