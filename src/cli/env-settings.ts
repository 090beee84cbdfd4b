// COMPOSE_* settings that stand in an env file instead of the shell: as if the shell had set them, unless it did.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isRemote } from '../remote-reference.ts';
import { isTrue } from './globals.ts';

type Environment = Readonly<Record<string, string>>;

interface Given {
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly projectDirectory: string | undefined;
}

/** The shell's variables with the COMPOSE_* ones of `--env-file`, else of the project directory's `.env`. */
export async function withEnvFileSettings(env: Environment, cwd: string, given: Given): Promise<Environment> {
  const files = envFilesOf(env, cwd, given).filter((file) => existsSync(file));
  if (files.length === 0) return env;
  const [{ parseDotenv }, { readTextFile }] = await Promise.all([
    import('../spec/dotenv.ts'),
    import('../spec/read-file.ts'),
  ]);
  const found = new Map<string, string>();
  try {
    for (const file of files) parseDotenv(readTextFile(file), file, (name) => env[name], { into: found });
  } catch {
    // The loader reads the same files and tells what is wrong with them, when the command needs them at all.
    return env;
  }
  const settings = [...found].filter(([name]) => name.startsWith('COMPOSE_') && env[name] === undefined);
  return { ...env, ...Object.fromEntries(settings) };
}

function envFilesOf(env: Environment, cwd: string, given: Given): string[] {
  const named = given.envFiles.length > 0 ? given.envFiles : (env.COMPOSE_ENV_FILES ?? '').split(',').filter(Boolean);
  if (named.length > 0) return named.map((file) => resolve(cwd, file));
  if (isTrue(env.COMPOSE_DISABLE_ENV_FILE)) return [];
  const first = given.files.find((file) => file !== '-');
  const folder =
    given.projectDirectory ?? (first === undefined || isRemote(first) ? cwd : dirname(resolve(cwd, first)));
  return [join(resolve(cwd, folder), '.env')];
}
