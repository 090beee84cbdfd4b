// `.dockerignore` in the context: clients apply it before they send, contexts that come from elsewhere have not been through it.
import { ignoreLines, ignoreRules } from '../../../ignore-rules.ts';
import { badRequest } from '../server/api-error.ts';
import type { ContextTree } from './files/context-tree.ts';

const MAX_BYTES = 1024 * 1024;

/** Takes out of the context what its ignore file names: `<Dockerfile>.dockerignore`, or `.dockerignore`. */
export async function applyContextIgnore(context: ContextTree, dockerfile: string): Promise<void> {
  const beside = await context.read(`${dockerfile}.dockerignore`, MAX_BYTES);
  const file = beside ?? (await context.read('.dockerignore', MAX_BYTES));
  if (!file) return;
  let rules: ReturnType<typeof ignoreRules>;
  try {
    rules = ignoreRules(ignoreLines(file.toString('utf8')));
  } catch (error) {
    throw badRequest(`.dockerignore: ${error instanceof Error ? error.message : String(error)}`);
  }
  context.remove((path) => rules.ignores(path));
}
