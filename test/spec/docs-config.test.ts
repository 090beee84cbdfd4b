// The examples of docs/config.md hold: each block "after" is part of what `config` prints for the files above it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadProject } from '../../src/spec/load.ts';
import { renderProject } from '../../src/spec/render.ts';

interface Example {
  readonly section: string;
  readonly files: Readonly<Record<string, string>>;
  readonly after: string;
}

/** Files are fenced with their name behind the language; "after" ends an example. */
function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let section = '';
  let files: Record<string, string> = {};
  for (const [, heading, name, body = ''] of page.matchAll(/^## (.*)$|^```\w+ (\S+)\n([\s\S]*?)^```$/gm)) {
    if (heading !== undefined) section = heading;
    else if (name === 'after') {
      examples.push({ section, files, after: body });
      files = {};
    } else if (name !== undefined) files[name] = body;
  }
  return examples;
}

const page = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8');
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'windlass-docs-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('docs/config.md', () => {
  const examples = examplesOf(page);

  it('has an example for most stages', () => {
    expect(examples.length).toBeGreaterThanOrEqual(9);
  });

  it.each(examples.map((example) => [example.section, example] as const))('%s', async (section, { files, after }) => {
    const cwd = join(directory, section.replace(/\W+/g, '-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), text);
    }
    const options = { cwd, env: { KEY: 'x' }, files: [], envFiles: [], profiles: [], projectName: 'demo' };
    const { project } = await loadProject(options);
    expect(renderProject(project, 'yaml')).toContain(after);
  });
});
