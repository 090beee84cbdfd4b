// What the checks take for right on each engine is what the documents say.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DIFFERENCES } from './differences.ts';

test('docs/native-engine.md tells every difference', async () => {
  const page = (await readFile(new URL('../../docs/native-engine.md', import.meta.url), 'utf8')).replace(/\s+/g, ' ');
  for (const text of Object.values(DIFFERENCES)) expect(page).toContain(text);
});
