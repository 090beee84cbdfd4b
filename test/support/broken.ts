// The table of broken projects in test/fixtures/spec/broken: a folder per mistake, with its files, how it is loaded, and the exact
// message. `UPDATE=1 vitest run test/spec/broken` writes what the loader says now; the difference is to be read before it is kept.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SpecError } from '../../src/diagnostics.ts';
import { messageOf, WindlassError } from '../../src/errors.ts';
import { type LoadOptions, loadProject } from '../../src/spec/load.ts';

export const BROKEN = fileURLToPath(new URL('../fixtures/spec/broken', import.meta.url));

export const brokenProjects = (): string[] => readdirSync(BROKEN).sort();
export const expectedFile = (name: string): string => `${BROKEN}/${name}/expected-errors.txt`;

/** What the loader says of a broken project, with its folder's name taken out. Throws when it is accepted. */
export async function messageOfBroken(name: string): Promise<string> {
  const cwd = `${BROKEN}/${name}`;
  try {
    const { services } = (await loadProject(optionsFor(cwd))).project;
    throw new Error(`${name} was accepted: ${Object.keys(services).join(', ')}`);
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
    const hint = error instanceof SpecError || error.hint === undefined ? '' : `\n  hint: ${error.hint}`;
    return `${(messageOf(error) + hint).replaceAll(`${cwd}/`, '').replaceAll(cwd, '.')}\n`;
  }
}

/** `load.json` beside the files says what is not as usual. */
function optionsFor(cwd: string): LoadOptions {
  const file = `${cwd}/load.json`;
  const given = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<LoadOptions>) : {};
  return {
    cwd,
    env: { HOME: '/home/someone' },
    files: [],
    profiles: [],
    projectName: 'broken',
    projectDirectory: cwd,
    ...given,
    envFiles: (given.envFiles ?? []).map((path) => `${cwd}/${path}`),
  };
}
