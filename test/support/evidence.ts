// What is known of a failed scenario, as files: what was run and said, the project's files, containers, their logs and events.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ran } from '../../scripts/ground/run.ts';
import type { Scenario } from './scenario.ts';

/** Writes everything into a folder and returns its path. What cannot be had is left out: the first failure matters more. */
export async function keepEvidence(scenario: Scenario, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const keep = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await keep('transcript.txt', scenario.transcript.map(entry).join('\n'));
  await cp(scenario.folder, join(folder, 'project'), { recursive: true }).catch(() => undefined);
  const any = { exit: 'any' } as const;
  const label = `label=com.docker.compose.project=${scenario.project}`;
  const since = String(Math.floor(scenario.startedAt.getTime() / 1000));
  const until = String(Math.ceil(Date.now() / 1000));
  const events = await scenario.docker(['events', '--since', since, '--until', until, '--filter', label], any);
  await keep('events.txt', events.output);
  const containers = await scenario.containers().catch(() => []);
  await keep('containers.json', JSON.stringify(containers, undefined, 2));
  for (const { Id, Name } of containers) {
    const logs = await scenario.docker(['logs', '--timestamps', Id], any);
    await keep(`${Name.slice(1)}.log`, logs.output);
  }
  return folder;
}

const entry = (ran: Ran): string =>
  `$ ${ran.command}\n${ran.output}[exit ${ran.exitCode} after ${ran.milliseconds.toFixed(0)} ms]\n`;
