import { describe, expect, it } from 'vitest';
import { readHelp } from '../../scripts/compatibility/commands.ts';
import { readScenarios, scenarioTable } from '../../scripts/compatibility/scenarios.ts';
import { replaceSection } from '../../scripts/compatibility/sections.ts';

describe('the compatibility page', () => {
  it('reads commands and flags from help texts', () => {
    const help = readHelp(`Usage:  docker compose [OPTIONS] COMMAND

Options:
      --ansi string        Control when
  -f, --file stringArray   Compose files
                           --not-a-flag in a text

Management Commands:
  transformations Manage images

Commands:
  up          Create
  wait*       Block

Run 'docker compose COMMAND --help' for more.`);
    expect(help).toEqual({ commands: ['up', 'wait'], flags: ['--ansi', '-f', '--file'] });
  });

  it('shows the last outcome of every scenario, and failures beside the peer', () => {
    const ours = readScenarios(
      '--- FAIL: TestA (1s)\n    --- FAIL: TestA/part (1s)\n--- PASS: TestB (1s)\n--- PASS: TestA (2s)\n--- FAIL: TestC (0s)\n--- SKIP: TestD (0s)\n',
    );
    const text = scenarioTable(ours, new Map([['TestC', 'FAIL']]));
    expect(text).toMatch(/^windlass passes 2 of 3; 1 skip themselves\./);
    expect(text).toMatch(/\| `TestC` +\| fails too +\|/);
  });

  it('replaces one part and leaves the rest', () => {
    expect(replaceSection('a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb', 'x', 'new')).toBe(
      'a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb',
    );
    expect(() => replaceSection('a', 'x', 'new')).toThrow('the page has no part "x"');
  });
});
