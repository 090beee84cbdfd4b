// A project that docker compose started is taken over by windlass with every container left as it is, and the other way round.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Scenario, scenario } from '../support/scenario.ts';

const FOLDER = 'test/e2e/adoption';
const STACKS = readdirSync(new URL('adoption', import.meta.url)).sort();

type Tool = 'windlass' | 'compose';

async function stack(name: string): Promise<Scenario> {
  const env = { PORT: String(await freePort()), TOKEN: 'a token', COLOUR: 'blue', COMPOSE_PROFILES: 'tools' };
  return scenario({ fixture: `${FOLDER}/${name}`, env });
}

/** What stays the same when a project is taken over: every container by id, start and state. */
async function running(s: Scenario): Promise<string[]> {
  return (await s.containers()).map(({ Name, Id, State }) => `${Name} ${Id} since ${State.StartedAt} ${State.Status}`);
}

async function expectAdopted(name: string, first: Tool, second: Tool): Promise<void> {
  const s = await stack(name);
  await s[first](['up', '-d']);
  const before = await running(s);
  expect(before).not.toEqual([]);
  await s[second](['up', '-d']);
  expect(await running(s)).toEqual(before);
  await s[first](['up', '-d']);
  expect(await running(s)).toEqual(before);
  await s[second](['down', '--volumes', '--rmi', 'local']);
  await s.expectNothingLeft();
}

describe('windlass takes over what docker compose started, and hands it back', () => {
  for (const name of STACKS) test(name, () => expectAdopted(name, 'compose', 'windlass'));
});

describe('docker compose takes over what windlass started, and hands it back', () => {
  for (const name of STACKS) test(name, () => expectAdopted(name, 'windlass', 'compose'));
});
