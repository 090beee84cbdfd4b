// `version`: which windlass this is, and which docker compose it behaves as.
import { COMPOSE_VERSION } from '../../names.ts';
import type { CommandRun } from '../declaration.ts';
import type { versionFlags } from '../declarations/about.ts';
import { goJson } from '../output/go-json.ts';
import { WINDLASS_VERSION } from '../version.ts';

export const run: CommandRun<typeof versionFlags> = async (context, flags) => {
  context.io.stdout.write(versionText(flags));
  return 0;
};

/**
 * docker compose's line and its version number, since scripts match the line and compare the number; windlass's own
 * version follows in parentheses, and in a JSON field of its own.
 */
export function versionText(flags: { readonly short: boolean; readonly format: string | undefined }): string {
  if (flags.short) return `${COMPOSE_VERSION}\n`;
  if (flags.format === 'json') return `${goJson({ version: COMPOSE_VERSION, windlass: WINDLASS_VERSION })}\n`;
  return `Docker Compose version ${COMPOSE_VERSION} (windlass ${WINDLASS_VERSION})\n`;
}
