// How this process was called: as windlass, as a standalone docker-compose, or by docker as its `compose` plugin.
import { basename } from 'node:path';

/** `windlass`, `docker-compose`, …: the name of the script or link that was started. */
export function invokedAs(argv: readonly string[] = process.argv): string {
  return basename(argv[1] ?? 'windlass')
    .replace(/\.(js|ts|mjs)$/, '')
    .replace(/^main$/, 'windlass');
}

/** docker sets this for the plugins it runs. */
const PLUGIN_CALLER = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND';

/** True when docker runs us as the plugin behind `docker compose`. */
export const runsAsPlugin = (argv: readonly string[], env: NodeJS.ProcessEnv): boolean =>
  /^docker-compose$/.test(invokedAs(argv)) && (argv[2] === 'compose' || env[PLUGIN_CALLER] !== undefined);

/** For usage lines: `windlass`, `docker-compose` or `docker compose`. */
export function programName(argv: readonly string[] = process.argv, env: NodeJS.ProcessEnv = process.env): string {
  return runsAsPlugin(argv, env) ? 'docker compose' : invokedAs(argv);
}
