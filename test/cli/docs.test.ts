import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CLI_DOCS, cliDocs } from '../../scripts/cli-docs.ts';

it('docs/cli.md says what the program says of itself (node scripts/cli-docs.ts writes it)', async () => {
  expect(await readFile(CLI_DOCS, 'utf8')).toBe(cliDocs());
});
