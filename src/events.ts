// What happens while a plan is carried out, as data. Renderers (tty, plain, json, quiet) turn it into text.

export type ProgressKind = 'working' | 'done' | 'warning' | 'error';

/** One change of state of one resource. `id` and `status` are docker compose's words: `Container shop-web-1`, `Creating`. */
export interface ProgressEvent {
  readonly id: string;
  readonly status: string;
  readonly kind: ProgressKind;
  /** Further text: an error, the reason of a skip, a layer's state. */
  readonly text?: string;
  /** The event this one is part of: a layer's image. */
  readonly parentId?: string;
  /** Bytes, for downloads. */
  readonly current?: number;
  readonly total?: number;
}

export type ProgressListener = (event: ProgressEvent) => void;

/** The words docker compose uses for states, in the pairs (working, done) a step goes through. */
export const STATUS = {
  creating: 'Creating',
  created: 'Created',
  recreating: 'Recreate',
  recreated: 'Recreated',
  starting: 'Starting',
  started: 'Started',
  running: 'Running',
  restarting: 'Restarting',
  waiting: 'Waiting',
  healthy: 'Healthy',
  exited: 'Exited',
  stopping: 'Stopping',
  stopped: 'Stopped',
  killing: 'Killing',
  killed: 'Killed',
  removing: 'Removing',
  removed: 'Removed',
  pulling: 'Pulling',
  pulled: 'Pulled',
  building: 'Building',
  built: 'Built',
  skipped: 'Skipped',
  error: 'Error',
} as const;
