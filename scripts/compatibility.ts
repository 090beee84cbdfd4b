// docs/compatibility.md: how far windlass can stand in docker compose's place, in tables made from what tools say. Each part is
// written anew when its input is there, and stays as it is otherwise:
//   node scripts/compatibility.ts --peer PATH          commands and flags, from the `--help` of docker compose at PATH
//   … --conformance NAME=FILE                          the closing line "N passed, N failed" of a run over a corpus; repeatable
//   … --scenarios FILE [--scenarios-of-peer FILE]      docker compose's own end-to-end tests: the output of `go test -v`
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { comparedCommands } from './compatibility/commands.ts';
import { readScenarios, scenarioTable } from './compatibility/scenarios.ts';
import { replaceSection, table } from './compatibility/sections.ts';

const PAGE = fileURLToPath(new URL('../docs/compatibility.md', import.meta.url));

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    conformance: { type: 'string', multiple: true },
    scenarios: { type: 'string', multiple: true },
    'scenarios-of-peer': { type: 'string', multiple: true },
  },
});

let page = await readFile(PAGE, 'utf8');
if (values.peer !== undefined) page = replaceSection(page, 'commands', await comparedCommands(values.peer));
if (values.conformance !== undefined) page = replaceSection(page, 'files', await conformanceTable(values.conformance));
if (values.scenarios !== undefined) {
  const ours = readScenarios(await readAll(values.scenarios));
  const peers = readScenarios(await readAll(values['scenarios-of-peer'] ?? []));
  page = replaceSection(page, 'scenarios', scenarioTable(ours, peers));
}
await writeFile(PAGE, page);

async function readAll(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

async function conformanceTable(inputs: readonly string[]): Promise<string> {
  const rows = inputs.map(async (input) => {
    const [name = '', file = ''] = input.split('=');
    const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(await readFile(file, 'utf8')) ?? [];
    if (passed === undefined || failed === undefined) throw new Error(`${file} does not end with "N passed, N failed"`);
    return [name, passed, failed];
  });
  return table(['compared', 'the same', 'not the same'], await Promise.all(rows));
}
