import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { brokenProjects, expectedFile, messageOfBroken } from '../support/broken.ts';

describe('a broken project is refused with a message that points and helps', () => {
  const names = brokenProjects();

  it('in a table of at least eighty mistakes', () => {
    expect(names.length).toBeGreaterThanOrEqual(80);
  });

  it.each(names)('%s', async (name) => {
    const message = await messageOfBroken(name);
    if (process.env.UPDATE) writeFileSync(expectedFile(name), message);
    expect(message).toBe(readFileSync(expectedFile(name), 'utf8'));
  });
});
