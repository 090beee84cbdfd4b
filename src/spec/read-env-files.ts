// Env files → the variables they set.
import { SpecError } from '../diagnostics.ts';
import { parseDotenv } from './dotenv.ts';
import { readTextFile } from './read-file.ts';
import type { Environment } from './resolve-environment.ts';

/** What reading needs to know of the load. */
export interface EnvFileContext {
  readonly displayName: (path: string) => string;
  /** Told of every env file that variables are substituted from. */
  readonly onEnvFile?: (path: string) => void;
}

/** The variables of the files; a later file wins. `${…}` in them sees `known` first, then what came before. */
export function readEnvFiles(
  files: readonly string[],
  known: Environment,
  context: EnvFileContext,
): Record<string, string> {
  const into = new Map<string, string>();
  const lookup = (name: string): string | undefined => (Object.hasOwn(known, name) ? known[name] : undefined);
  for (const file of files) {
    const name = context.displayName(file);
    context.onEnvFile?.(file);
    parseDotenv(readEnvText(file, name), name, lookup, { into });
  }
  return Object.fromEntries(into);
}

/** The text of an env file, with a message that calls it one. */
export function readEnvText(file: string, name: string): string {
  try {
    return readTextFile(file, name);
  } catch (error) {
    if (!(error instanceof SpecError) || error.code !== 'SPEC_FILE_NOT_FOUND') throw error;
    const message = `there is no env file "${name}"`;
    const hint = 'create it, or correct the path';
    throw new SpecError([{ severity: 'error', code: 'SPEC_ENV_FILE_NOT_FOUND', message, hint }]);
  }
}
