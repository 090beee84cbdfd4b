// The variables that -e and --env-from-file give to a one-off container.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf, UsageError } from '../../errors.ts';
import { parseDotenv } from '../../spec/dotenv.ts';

export interface EnvironmentRequest {
  /** -e, in order. */
  readonly entries: readonly string[];
  /** --env-from-file, in order. */
  readonly files: readonly string[];
  readonly cwd: string;
  /** Where `KEY` alone takes its value from. */
  readonly known: Readonly<Record<string, string>>;
}

/** -e wins over files, an earlier file over a later one. `KEY` alone is left out where nobody knows it. */
export async function runEnvironment(request: EnvironmentRequest): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const entry of request.entries) {
    const at = entry.indexOf('=');
    const value = at < 0 ? request.known[entry] : entry.slice(at + 1);
    if (value !== undefined) variables[at < 0 ? entry : entry.slice(0, at)] = value;
  }
  for (const file of request.files) {
    const text = await readFile(resolve(request.cwd, file), 'utf8').catch((error: unknown) => {
      throw new UsageError(`cannot read "${file}": ${reasonOf(error)}`, { cause: error });
    });
    for (const [key, value] of parseDotenv(text, file, (name) => variables[name])) variables[key] ??= value;
  }
  return variables;
}
