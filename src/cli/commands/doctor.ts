// `doctor`: which engine would be used and why, what this machine offers, and what to install.
import { UsageError } from '../../errors.ts';
import { realHost } from '../../host.ts';
import type { CommandRun } from '../declaration.ts';
import type { doctorFlags } from '../declarations/about.ts';
import { dockerFindings } from '../doctor/docker-facts.ts';
import { engineFacts } from '../doctor/engine-facts.ts';
import { hostFindings } from '../doctor/host-facts.ts';
import { nativeFacts } from '../doctor/native-facts.ts';
import { projectFindings } from '../doctor/project-facts.ts';
import { type Report, reportText } from '../doctor/report.ts';
import { WINDLASS_VERSION } from '../version.ts';

/** Succeeds where some engine can be used. */
export const run: CommandRun<typeof doctorFlags> = async (context, flags) => {
  const { env, cwd, io, globals } = context;
  if (flags.format !== 'table' && flags.format !== 'json')
    throw new UsageError(`format value "${flags.format}" could not be parsed: parsing failed`, {
      hint: 'use "table" or "json"',
    });
  const native = await nativeFacts();
  const [engines, host, docker, project] = await Promise.all([
    engineFacts(context, native.canRun),
    hostFindings({ env, host: realHost, directories: [cwd, '/var/lib'] }),
    dockerFindings(env),
    projectFindings(context),
  ]);
  const report: Report = {
    version: WINDLASS_VERSION,
    ...(engines.endpoint === undefined ? {} : { engine: engines.endpoint }),
    findings: [...engines.findings, ...native.findings, ...host, ...docker, ...project],
  };
  const color = globals.color && (globals.ansi === 'always' || io.stdout.isTTY);
  io.stdout.write(flags.format === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report, color));
  return engines.endpoint === undefined ? 1 : 0;
};
