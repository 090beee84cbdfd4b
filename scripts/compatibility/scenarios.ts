// The output of `go test -v` over docker compose's own end-to-end tests → which passed. Pure.
import { table } from './sections.ts';

export type Outcome = 'PASS' | 'FAIL' | 'SKIP';

/** Top-level tests with their last outcome. */
export function readScenarios(log: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const [, outcome, name = ''] of log.matchAll(/^--- (PASS|FAIL|SKIP): (\w+)/gm))
    outcomes.set(name, outcome as Outcome);
  return outcomes;
}

/** Counts, then every test that windlass did not pass beside what docker compose itself made of it. */
export function scenarioTable(ours: ReadonlyMap<string, Outcome>, peers: ReadonlyMap<string, Outcome>): string {
  const count = (wanted: Outcome): number => [...ours.values()].filter((outcome) => outcome === wanted).length;
  const failed = [...ours].filter(([, outcome]) => outcome === 'FAIL').map(([name]) => name);
  const counts = `windlass passes ${count('PASS')} of ${count('PASS') + count('FAIL')}; ${count('SKIP')} skip themselves.`;
  if (failed.length === 0) return counts;
  const rows = failed.sort().map((name) => [`\`${name}\``, said(peers.get(name))]);
  return `${counts}\n\n${table(['not passed', 'docker compose itself, in the same place'], rows)}`;
}

const said = (outcome: Outcome | undefined): string =>
  outcome === undefined ? 'not run' : outcome === 'PASS' ? 'passes' : outcome === 'FAIL' ? 'fails too' : 'skips it';
