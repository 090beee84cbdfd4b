// Compose files for tests: texts become trees, or files in a folder of their own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Project } from '../../src/model.ts';
import { type LoadOptions, loadProject } from '../../src/spec/load.ts';
import { Places } from '../../src/spec/places.ts';
import { Problems } from '../../src/spec/problems.ts';
import { readYaml } from '../../src/spec/read-yaml.ts';
import type { Mapping } from '../../src/spec/tree.ts';

/** The tree of a one-document text. */
export function treeOf(text: string, places = new Places()): Mapping {
  const [document] = readYaml(text, 'compose.yaml', places);
  if (!document) throw new Error('the text has no document');
  return document.root;
}

/** A tree as plain JSON values. */
export const plain = (tree: unknown): unknown => JSON.parse(JSON.stringify(tree)) as unknown;

/** A collector whose problems fail the test when `throwIfAny` is called. */
export const noProblems = (places = new Places()): Problems => new Problems(places);

/** Writes files into a new folder, which is removed after the test; returns the folder. */
export function writeFiles(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-spec-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export interface Loaded {
  readonly project: Project;
  readonly warnings: readonly string[];
  readonly folder: string;
}

/** Loads the project that some files make, in a folder of their own. */
export async function loadFiles(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadOptions> = {},
): Promise<Loaded> {
  const folder = writeFiles(files);
  const { project, warnings } = await loadProject({
    cwd: folder,
    env: { HOME: '/home/someone' },
    files: [],
    envFiles: [],
    profiles: [],
    projectName: 'test',
    ...options,
  });
  return { project, warnings: warnings.map(({ message }) => message), folder };
}
