// Stand-ins for the examples' official images, built from Debian packages by examples/images/build.sh.
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { asRoot, failure, start } from './run.ts';

const BUILD = fileURLToPath(new URL('../../examples/images/build.sh', import.meta.url));

/**
 * Makes sure that an engine has the named stand-ins. Returns the settings for the examples' Compose files, such as MARIADB_IMAGE.
 * `say` gets a line for each that is built or loaded.
 */
export async function buildStandIns(
  host: string,
  names: readonly string[],
  say: (text: string) => void = () => undefined,
): Promise<Record<string, string>> {
  const variables = [`DOCKER_HOST=${host}`, `HOME=${homedir()}`, `PATH=${process.env.PATH ?? ''}`];
  const cache = process.env.XDG_CACHE_HOME;
  if (cache !== undefined) variables.push(`XDG_CACHE_HOME=${cache}`);
  const building = start(...asRoot('env', [...variables, BUILD, ...names]));
  building.process.stderr?.on('data', (text: string) => say(text.trim()));
  const built = await building.ended;
  if (built.exitCode !== 0) throw new Error(failure(built));
  const settings = [...built.stdout.matchAll(/^(\w+_IMAGE)=(.+)$/gm)];
  return Object.fromEntries(settings.map(([, name = '', image = '']) => [name, image]));
}
