// How git is run on a stranger's repository: what could be turned against the user is switched off. Pure.

/** Arguments before the command: no hooks, no helpers, no submodules unless they are asked for. */
export const HARMLESS: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'submodule.recurse=false',
  'gc.auto=0',
].flatMap((setting) => ['-c', setting]);

/** Variables that a hook of the surrounding repository may have set; here they would lead git to that repository. */
const FOREIGN = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_COMMON_DIR',
  'GIT_PREFIX',
]);

/** No questions, no shared ssh connections, and no transport that runs programs, unless the user has said otherwise. */
export function gitEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !FOREIGN.has(name)) own[name] = value;
  own.GIT_TERMINAL_PROMPT ||= '0';
  own.GIT_ALLOW_PROTOCOL ||= 'http:https:ssh:git';
  if (!own.GIT_SSH) own.GIT_SSH_COMMAND ||= 'ssh -o ControlMaster=no -o BatchMode=yes';
  return own;
}

/** git's own complaint; what the server and ssh say around it is left out. */
export const gitComplaint = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith('fatal:'))
    ?.slice(7) ?? text.trim();
