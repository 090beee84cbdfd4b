// Where windlass keeps what a user would miss: unpacked bundles, snapshots.
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

/** `$XDG_STATE_HOME/windlass`, by default `~/.local/state/windlass`. */
export const stateFolder = (env: Env): string =>
  join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'windlass');
